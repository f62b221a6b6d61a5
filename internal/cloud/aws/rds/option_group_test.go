package rds_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"atoll/internal/cloud/cloudtest"
)

func TestOptionGroups(t *testing.T) {
	c := start(t, cloudtest.Durable())
	create := func(name, engine, major string) error {
		_, err := c.CreateOptionGroup(c.ctx, &rds.CreateOptionGroupInput{OptionGroupName: &name, EngineName: &engine, MajorEngineVersion: &major,
			OptionGroupDescription: aws.String("of a test"), Tags: tag("a", "1")})
		return err
	}
	for _, err := range []error{create("Audit", "mysql", "8.0"), create("plain", "postgres", "16")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	refused(t, create("audit", "mysql", "8.0"), "OptionGroupAlreadyExistsFault", "audit")
	refused(t, create("old", "mysql", "4.1"), "InvalidParameterValue", "4.1")
	include := func(option, setting, value string) error {
		_, err := c.ModifyOptionGroup(c.ctx, &rds.ModifyOptionGroupInput{OptionGroupName: aws.String("audit"), ApplyImmediately: aws.Bool(true), OptionsToInclude: []types.OptionConfiguration{
			{OptionName: &option, OptionSettings: []types.OptionSetting{{Name: &setting, Value: &value}}}}})
		return err
	}
	refused(t, include("TDE", "x", "y"), "InvalidParameterValue", "TDE")
	refused(t, include("MARIADB_AUDIT_PLUGIN", "x", "y"), "InvalidParameterValue", "x")
	if err := include("MARIADB_AUDIT_PLUGIN", "SERVER_AUDIT_EVENTS", "CONNECT"); err != nil {
		t.Fatal(err)
	}
	c.cloud.Restart()
	g := must(c.DescribeOptionGroups(c.ctx, &rds.DescribeOptionGroupsInput{OptionGroupName: aws.String("audit")}))(t).OptionGroupsList[0]
	if *g.OptionGroupArn != arnPrefix+"og:audit" || len(g.Options) != 1 || len(g.Options[0].OptionSettings) < 2 {
		t.Errorf("the group is %+v", g)
	}
	for _, s := range g.Options[0].OptionSettings {
		if *s.Name == "SERVER_AUDIT_EVENTS" && (*s.Value != "CONNECT" || *s.DefaultValue != "CONNECT,QUERY") {
			t.Errorf("the setting is %+v", s)
		}
	}
	if tags := must(c.ListTagsForResource(c.ctx, &rds.ListTagsForResourceInput{ResourceName: g.OptionGroupArn}))(t).TagList; len(tags) != 1 {
		t.Errorf("the tags are %+v", tags)
	}

	_, err := c.CreateDBInstance(c.ctx, input("pg", func(in *rds.CreateDBInstanceInput) { in.OptionGroupName = aws.String("audit") }))
	refused(t, err, "InvalidParameterCombination", "audit")
	made := c.create("my", func(in *rds.CreateDBInstanceInput) {
		in.Engine, in.EngineVersion, in.OptionGroupName = aws.String("mysql"), aws.String("8.0"), aws.String("audit")
	})
	if *made.OptionGroupMemberships[0].OptionGroupName != "audit" {
		t.Errorf("the instance has %+v", made.OptionGroupMemberships)
	}
	del := func() error {
		_, err := c.DeleteOptionGroup(c.ctx, &rds.DeleteOptionGroupInput{OptionGroupName: aws.String("audit")})
		return err
	}
	refused(t, del(), "InvalidOptionGroupStateFault", "in use")
	must(c.modify("my", func(in *rds.ModifyDBInstanceInput) {
		in.OptionGroupName, in.ApplyImmediately = aws.String("default:mysql-8-0"), aws.Bool(true)
	}))(t)
	if err := del(); err != nil {
		t.Fatal(err)
	}
	_, err = c.DescribeOptionGroups(c.ctx, &rds.DescribeOptionGroupsInput{OptionGroupName: aws.String("audit")})
	refused(t, err, "OptionGroupNotFoundFault", "audit")
	_, err = c.DeleteOptionGroup(c.ctx, &rds.DeleteOptionGroupInput{OptionGroupName: aws.String("default:mysql-8-0")})
	refused(t, err, "InvalidParameterValue", "default:mysql-8-0")
}
