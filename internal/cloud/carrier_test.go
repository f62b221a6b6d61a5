package cloud

import "testing"

func TestAddressNamed(t *testing.T) {
	for name, want := range map[string]string{
		"ip-10-0-0-5.ec2.internal": "10.0.0.5", "ip-10-0-0-5.eu-west-1.compute.internal": "10.0.0.5", "ip-10-0-0.ec2.internal": "", "ip-10-0-0-5.example.com": "",
		"ip-10-0-0-5.a.b.compute.internal": "", "ip-10-0-0-5": "", "db.ec2.internal": "",
	} {
		got, ok := addressNamed(name)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%s: got %s, %t", name, got, ok)
		}
	}
}
