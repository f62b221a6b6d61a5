package eventpattern_test

import (
	"strings"
	"testing"

	"atoll/internal/cloud/eventpattern"
)

func TestMatches(t *testing.T) {
	const event = `{"source":"aws.ecs","account":"1","n":5,"f":5.0,"nil":null,"yes":true,"ip":"10.0.1.7","empty":[],"list":["a","b"],
		"detail":{"state":"RUNNING","path":"/lib/a.png","deep":{"x":1},"rows":[{"k":"a","v":1},{"k":"b","v":2}]}}`
	for pattern, want := range map[string]bool{
		`{"source":["aws.ecs","aws.ec2"]}`:                      true,
		`{"source":["aws.ec2"]}`:                                false,
		`{"source":["aws.ecs"],"detail":{"state":["STOPPED"]}}`: false,
		`{"n":[5]}`:                              true,
		`{"f":[5]}`:                              false,
		`{"nil":[null]}`:                         true,
		`{"yes":[true]}`:                         true,
		`{"yes":["true"]}`:                       false,
		`{"list":["b"]}`:                         true,
		`{"none":[null]}`:                        false,
		`{"none":[{"exists":false}]}`:            true,
		`{"empty":[{"exists":false}]}`:           true,
		`{"none":{"deeper":[{"exists":false}]}}`: true,
		`{"n":[{"exists":true}]}`:                true,
		`{"detail":{"deep":[{"exists":true}]}}`:  false,
		`{"source":[{"prefix":"aws."}]}`:         true,
		`{"source":[{"prefix":{"equals-ignore-case":"AWS."}}]}`:                     true,
		`{"source":[{"suffix":"ecs"}]}`:                                             true,
		`{"source":[{"suffix":{"equals-ignore-case":"ECS"}}]}`:                      true,
		`{"source":[{"suffix":"ec"}]}`:                                              false,
		`{"detail":{"state":[{"equals-ignore-case":"running"}]}}`:                   true,
		`{"detail":{"state":[{"anything-but":"STOPPED"}]}}`:                         true,
		`{"detail":{"state":[{"anything-but":["STOPPED","RUNNING"]}]}}`:             false,
		`{"detail":{"state":[{"anything-but":{"prefix":"RUN"}}]}}`:                  false,
		`{"detail":{"state":[{"anything-but":{"suffix":["X","Y"]}}]}}`:              true,
		`{"detail":{"state":[{"anything-but":{"equals-ignore-case":"running"}}]}}`:  false,
		`{"detail":{"path":[{"anything-but":{"wildcard":"*/lib/*"}}]}}`:             false,
		`{"none":[{"anything-but":"a"}]}`:                                           false,
		`{"n":[{"anything-but":[5]}]}`:                                              false,
		`{"list":[{"anything-but":["a"]}]}`:                                         true,
		`{"f":[{"numeric":["=",5]}]}`:                                               true,
		`{"n":[{"numeric":[">",0,"<=",5]}]}`:                                        true,
		`{"n":[{"numeric":[">",0,"<",5]}]}`:                                         false,
		`{"account":[{"numeric":["=",1]}]}`:                                         false,
		`{"ip":[{"cidr":"10.0.0.0/16"}]}`:                                           true,
		`{"ip":[{"cidr":"10.1.0.0/16"}]}`:                                           false,
		`{"detail":{"path":[{"wildcard":"/lib/*.png"}]}}`:                           true,
		`{"detail":{"path":[{"wildcard":"*a*g"}]}}`:                                 true,
		`{"detail":{"path":[{"wildcard":"\\*a*g"}]}}`:                               false,
		`{"$or":[{"n":[1]},{"detail":{"state":["RUNNING"]}}],"source":["aws.ecs"]}`: true,
		`{"$or":[{"n":[1]},{"n":[2]}]}`:                                             false,
		`{"detail":{"rows":{"k":["a"],"v":[1]}}}`:                                   true,
		`{"detail":{"rows":{"k":["a"],"v":[2]}}}`:                                   false,
	} {
		p, err := eventpattern.Parse([]byte(pattern), eventpattern.EventBridge)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if got, err := p.Matches([]byte(event)); got != want || err != nil {
			t.Errorf("%s: got %v, %v", pattern, got, err)
		}
	}
}

func TestFaults(t *testing.T) {
	for pattern, want := range map[string]string{
		`{`:                                   "not valid JSON",
		`{"a":["b"]} x`:                       "not valid JSON",
		`[]`:                                  "not an object",
		`{}`:                                  "Empty patterns",
		`{"a":{}}`:                            "Empty patterns",
		`{"a":[]}`:                            "Empty arrays",
		`{"a":"b"}`:                           `"a" must be an object or an array`,
		`{"a":[["b"]]}`:                       "Match value",
		`{"a":[{"like":"b"}]}`:                "Unrecognized match type like",
		`{"a":[{"prefix":1}]}`:                "prefix match pattern must be a string",
		`{"a":[{"prefix":"a","suffix":"b"}]}`: "Only one key",
		`{"a":[{"exists":"yes"}]}`:            "exists match pattern",
		`{"a":[{"cidr":"10.0.0.0"}]}`:         "CIDR",
		`{"a":[{"numeric":[]}]}`:              "array",
		`{"a":[{"numeric":["<",1,">",0]}]}`:   "range operator",
		`{"a":[{"numeric":[">",5,"<",1]}]}`:   "Bottom",
		`{"a":[{"numeric":["=",6e9]}]}`:       "between",
		`{"a":[{"numeric":["=","x"]}]}`:       "must be numeric",
		`{"a":[{"anything-but":[1,"a"]}]}`:    "mixed",
		`{"a":[{"anything-but":null}]}`:       "not supported",
		`{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}`: "Unrecognized",
		`{"a":[{"wildcard":"a**b"}]}`:                    "Consecutive",
		`{"a":[{"wildcard":"a\\b"}]}`:                    "escape",
	} {
		_, err := eventpattern.Parse([]byte(pattern), eventpattern.EventBridge)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", pattern, err, want)
		}
	}
}

func TestFilterPolicies(t *testing.T) {
	p, err := eventpattern.Parse([]byte(`{"price":[100,{"numeric":[">",200]}],"store":{"name":["x","y"]}}`), eventpattern.SNS)
	if err != nil {
		t.Fatal(err)
	}
	if p.Keys() != 2 || p.Combinations() != 2*2*2 || !p.Nested() {
		t.Errorf("got %d keys, %d combinations, nested %v", p.Keys(), p.Combinations(), p.Nested())
	}
	if ok, err := p.Matches([]byte(`{"price":100.0,"store":{"name":"y"}}`)); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
	if _, err := eventpattern.Parse([]byte(`{"a":[{"wildcard":"*"}]}`), eventpattern.SNS); err == nil {
		t.Error("SNS has no wildcards")
	}
}
