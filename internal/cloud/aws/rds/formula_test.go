package rds

import "testing"

func TestFormulas(t *testing.T) {
	r := instanceRecord{database: database{Port: 6000, Storage: storage{Size: 20}}, Class: "db.r6g.xlarge"} // 32 GiB, 4 vCPUs
	for formula, want := range map[string]string{
		"17": "17", "LEAST({DBInstanceClassMemory/9531392},5000)": "3604", "GREATEST({DBInstanceClassMemory*1024/63963136},65536)": "550072",
		"{DBInstanceClassMemory/32768}": "1048576", "GREATEST(${DBInstanceVCPU*2},8)": "8", "{EndPointPort}": "6000",
		"GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)": "406", "SUM({DBInstanceVCPU},2, 3)": "9", "IF({TrueIfReplica},1,2)": "2",
	} {
		if got, err := evaluate(formula, r.variables()); got != want || err != nil {
			t.Errorf("%s is %s, %v; want %s", formula, got, err, want)
		}
	}
	for _, bad := range []string{"{Nothing}", "{DBInstanceVCPU", "{DBInstanceVCPU/0}", "LEAST({DBInstanceVCPU}", "{DBInstanceVCPU} 3"} {
		if got, err := evaluate(bad, r.variables()); err == nil {
			t.Errorf("%s is %s", bad, got)
		}
	}
	for name, want := range map[string][2]int64{"db.t4g.micro": {1, 2}, "db.t3.2xlarge": {32, 8}, "db.m6g.large": {8, 2}, "db.x2iedn.xlarge": {128, 4}, "db.x2g.large": {32, 2},
		"db.x2idn.16xlarge": {1024, 64}} {
		c, ok := findClass(name)
		if !ok || c.memory()>>30 != want[0] || c.vcpus() != want[1] {
			t.Errorf("%s has %d GiB and %d vCPUs", name, c.memory()>>30, c.vcpus())
		}
	}
}
