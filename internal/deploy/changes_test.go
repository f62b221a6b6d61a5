package deploy

import (
	"bytes"
	"encoding/json"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

const planJSON = `{"format_version":"1.2","resource_changes":[
 {"address":"module.database[0].aws_db_instance.main","mode":"managed","type":"aws_db_instance","change":{"actions":["update"],
  "before":{"instance_class":"db.t4g.micro","password":"old","tags_all":{}},"after":{"instance_class":"db.t4g.small","password":"new","tags_all":{"a":"b"}},
  "after_unknown":{"arn":true},"before_sensitive":{"password":true},"after_sensitive":{"password":true}}},
 {"address":"module.network.aws_subnet.public[\"a\"]","mode":"managed","type":"aws_subnet","change":{"actions":["delete","create"],
  "before":{"cidr_block":"10.0.0.0/24"},"after":{"cidr_block":"10.0.1.0/24"},"after_unknown":{"id":true},"before_sensitive":{},"after_sensitive":{},"replace_paths":[["cidr_block"]]}},
 {"address":"module.service[\"web\"].module.task.aws_ecs_task_definition.main","mode":"managed","type":"aws_ecs_task_definition","change":{"actions":["delete","create"],
  "before":{"cpu":"256","container_definitions":"[…]"},"after":{"cpu":"512"},"after_unknown":{"container_definitions":true},"before_sensitive":{},"after_sensitive":{},"replace_paths":[["cpu"]]}},
 {"address":"module.network.aws_eip.nat[\"b\"]","mode":"managed","type":"aws_eip","change":{"actions":["create"],"before":null,"after":{},"after_unknown":{}}},
 {"address":"module.network.aws_vpc.main","mode":"managed","type":"aws_vpc","change":{"actions":["no-op"],"before":{},"after":{},"after_unknown":{}}},
 {"address":"module.network.data.aws_region.current","mode":"data","type":"aws_region","change":{"actions":["read"],"before":null,"after":{},"after_unknown":{}}}]}`

func TestSummarize(t *testing.T) {
	var plan tfjson.Plan
	if err := json.Unmarshal([]byte(planJSON), &plan); err != nil {
		t.Fatal(err)
	}
	s := Summarize(&plan)
	var out bytes.Buffer
	s.Write(&out)
	want := `  network              1 made, 1 replaced with an interruption
      aws_subnet.public["a"]: replaced with an interruption
          cidr_block: 10.0.0.0/24 → 10.0.1.0/24   (forces the replacement)
  service web          1 replaced, the new one first
      task.aws_ecs_task_definition.main: replaced, the new one first
          cpu: 256 → 512   (forces the replacement)
  database             1 changed in place with an interruption
      aws_db_instance.main: changed in place with an interruption
          instance_class: db.t4g.micro → db.t4g.small
          password: (sensitive)
`
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
	if got, want := s.Line(), "1 to make, 1 to change, 2 to replace"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
