package rds

import (
	"slices"
	"strings"
)

// sizes of instance classes, the smaller ones first.
var (
	burstable = []string{"micro", "small", "medium", "large", "xlarge", "2xlarge"}
	to16      = []string{"large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"}
	to24      = append(slices.Clone(to16), "24xlarge")
	to32      = append(slices.Clone(to24), "32xlarge")
	to48      = append(slices.Clone(to24), "48xlarge")
)

// classFamilies are the families of instance classes that both engines can run on, and their sizes.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
var classFamilies = []struct {
	name     string
	sizes    []string
	magnetic bool // magnetic storage can be used
}{
	{"m5", to24, true}, {"m5d", to24, true}, {"m6g", to16, true}, {"m6gd", to16, true}, {"m6i", to32, true}, {"m6id", to32, false},
	{"m6idn", to32, false}, {"m6in", to32, false}, {"m7g", to16, false}, {"m7i", to48, false}, {"m8g", to48, false},
	{"r5", to24, true}, {"r5b", to24, true}, {"r5d", to24, true}, {"r6g", to16, true}, {"r6gd", to16, true}, {"r6i", to32, true},
	{"r6id", to32, false}, {"r6idn", to32, false}, {"r6in", to32, false}, {"r7g", to16, false}, {"r7i", to48, false}, {"r8g", to48, false},
	{"t3", burstable, true}, {"t4g", burstable, true},
	{"x2g", to16, true}, {"x2idn", []string{"16xlarge", "24xlarge", "32xlarge"}, false},
	{"x2iedn", []string{"xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge", "24xlarge", "32xlarge"}, false},
}

// class is an instance class.
type class struct {
	name         string
	family, size string
	magnetic     bool
}

// classes gives all instance classes.
func classes() []class {
	var out []class
	for _, f := range classFamilies {
		for _, size := range f.sizes {
			out = append(out, class{"db." + f.name + "." + size, f.name, size, f.magnetic})
		}
	}
	return out
}

func findClass(name string) (class, bool) {
	for _, c := range classes() {
		if c.name == name {
			return c, true
		}
	}
	return class{}, false
}

// performanceInsights: MySQL's smallest classes are without it.
func (c class) performanceInsights(engine string) bool {
	return engine != mysql || !slices.Contains([]string{"micro", "small"}, c.size)
}

// checkClass checks that an instance of an engine's version can have a class.
func checkClass(e *engine, v version, name string) (class, error) {
	if !strings.HasPrefix(name, "db.") {
		return class{}, invalid("Invalid DB Instance class: %s", name)
	}
	c, ok := findClass(name)
	if !ok {
		return class{}, conflict("RDS does not support creating a DB instance with the following combination: DBInstanceClass=%s, Engine=%s, EngineVersion=%s, "+
			"LicenseModel=%s. For supported combinations of instance class and database engine version, see the documentation.", name, e.name, v.number, e.license)
	}
	return c, nil
}
