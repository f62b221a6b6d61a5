package rds_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

func TestSubnetGroups(t *testing.T) {
	c := start(t)
	vpc, ids := c.subnets("a", "b", "c", "a")
	c.group("Main", ids[:2])
	out := must(c.DescribeDBSubnetGroups(c.ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: aws.String("main")}))(t)
	g := out.DBSubnetGroups[0]
	if *g.DBSubnetGroupName != "main" || *g.VpcId != vpc || *g.SubnetGroupStatus != "Complete" || *g.DBSubnetGroupArn != arnPrefix+"subgrp:main" ||
		len(g.Subnets) != 2 || !slices.Equal(g.SupportedNetworkTypes, []string{"IPV4"}) {
		t.Errorf("got %+v", g)
	}
	create := func(name string, ids ...string) error {
		_, err := c.CreateDBSubnetGroup(c.ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: &name, DBSubnetGroupDescription: aws.String("x"), SubnetIds: ids})
		return err
	}
	refused(t, create("main", ids...), "DBSubnetGroupAlreadyExists")
	refused(t, create("default", ids...), "InvalidParameterValue")
	refused(t, create("x", ids[0], ids[3]), "DBSubnetGroupDoesNotCoverEnoughAZs", "Current AZ coverage: us-east-1a")
	refused(t, create("x", ids[0], "subnet-0"), "InvalidSubnet", "subnet-0")
	c.create("i", func(in *rds.CreateDBInstanceInput) {
		in.DBSubnetGroupName, in.AvailabilityZone = aws.String("main"), aws.String("us-east-1a")
	})
	modify := func(ids ...string) error {
		_, err := c.ModifyDBSubnetGroup(c.ctx, &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: aws.String("main"), SubnetIds: ids})
		return err
	}
	refused(t, modify(ids[1], ids[2]), "SubnetAlreadyInUse")
	if err := modify(ids[0], ids[2]); err != nil {
		t.Error(err)
	}
	refused(t, func() error {
		_, err := c.DescribeDBSubnetGroups(c.ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: aws.String("none")})
		return err
	}(), "DBSubnetGroupNotFoundFault")
	for i := range 21 {
		c.group(fmt.Sprintf("p%02d", i), ids[:2])
	}
	n := 0
	for pages := rds.NewDescribeDBSubnetGroupsPaginator(c, &rds.DescribeDBSubnetGroupsInput{MaxRecords: aws.Int32(20)}); pages.HasMorePages(); {
		n += len(must(pages.NextPage(c.ctx))(t).DBSubnetGroups)
	}
	if n != 22 {
		t.Errorf("got %d groups in pages", n)
	}
	_, err := c.DescribeDBSubnetGroups(c.ctx, &rds.DescribeDBSubnetGroupsInput{MaxRecords: aws.Int32(5)})
	refused(t, err, "InvalidParameterValue", "MaxRecords")
}

func TestParameterGroups(t *testing.T) {
	c := start(t)
	name := aws.String("p")
	create := &rds.CreateDBParameterGroupInput{DBParameterGroupName: name, DBParameterGroupFamily: aws.String("postgres17"), Description: aws.String("x"), Tags: tag("k", "v")}
	g := must(c.CreateDBParameterGroup(c.ctx, create))(t).DBParameterGroup
	if *g.DBParameterGroupArn != arnPrefix+"pg:p" || *g.DBParameterGroupFamily != "postgres17" {
		t.Errorf("got %+v", g)
	}
	_, err := c.CreateDBParameterGroup(c.ctx, create)
	refused(t, err, "DBParameterGroupAlreadyExists")
	c.create("i", func(in *rds.CreateDBInstanceInput) { in.DBParameterGroupName = name })
	set := func(group, parameter, value string, method types.ApplyMethod) error {
		_, err := c.ModifyDBParameterGroup(c.ctx, &rds.ModifyDBParameterGroupInput{DBParameterGroupName: &group, Parameters: []types.Parameter{
			{ParameterName: &parameter, ParameterValue: &value, ApplyMethod: method},
		}})
		return err
	}
	for _, check := range []struct{ group, parameter, value, method, code, words string }{
		{"p", "no_such", "1", "immediate", "InvalidParameterValue", "Could not find parameter with name: no_such"},
		{"p", "max_connections", "100", "immediate", "InvalidParameterCombination", "cannot use immediate apply method for static parameter"},
		{"p", "max_connections", "1", "pending-reboot", "InvalidParameterValue", "Invalid parameter value: 1 for: max_connections allowed values are: 6-262143"},
		{"p", "log_statement", "some", "immediate", "InvalidParameterValue", "none,ddl,mod,all"},
		{"p", "shared_preload_libraries", "pg_stat_statements,evil", "pending-reboot", "InvalidParameterValue", "shared_preload_libraries"},
		{"p", "wal_level", "logical", "pending-reboot", "InvalidParameterValue", "cannot be modified"},
		{"default.postgres17", "log_statement", "all", "immediate", "InvalidDBParameterGroupState", "Default DBParameterGroup cannot be modified"},
		{"none", "log_statement", "all", "immediate", "DBParameterGroupNotFound", "none"},
	} {
		refused(t, set(check.group, check.parameter, check.value, types.ApplyMethod(check.method)), check.code, check.words)
	}
	status := func() string { return *c.instance("i").DBParameterGroups[0].ParameterApplyStatus }
	if err := set("p", "log_min_duration_statement", "500", "immediate"); err != nil || status() != "in-sync" {
		t.Errorf("got %v, %s", err, status())
	}
	if err := set("p", "max_connections", "LEAST({DBInstanceClassMemory/9531392},200)", "pending-reboot"); err != nil || status() != "pending-reboot" {
		t.Errorf("got %v, %s", err, status())
	}
	must(c.RebootDBInstance(c.ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("i")}))(t)
	if status() != "in-sync" {
		t.Errorf("after a reboot: %s", status())
	}
	list := func(source *string) map[string]types.Parameter {
		out := map[string]types.Parameter{}
		for pages := rds.NewDescribeDBParametersPaginator(c, &rds.DescribeDBParametersInput{DBParameterGroupName: name, Source: source}); pages.HasMorePages(); {
			for _, p := range must(pages.NextPage(c.ctx))(t).Parameters {
				out[*p.ParameterName] = p
			}
		}
		return out
	}
	if user := list(aws.String("user")); len(user) != 2 || *user["log_min_duration_statement"].ParameterValue != "500" {
		t.Errorf("got %v", user)
	}
	all := list(nil)
	if p := all["rds.force_ssl"]; len(all) < 200 || *p.ParameterValue != "1" || *p.ApplyType != "dynamic" || *p.AllowedValues != "0,1" || *p.Source != "system" {
		t.Errorf("got %d parameters, %+v", len(all), p)
	}
	must(c.ResetDBParameterGroup(c.ctx, &rds.ResetDBParameterGroupInput{DBParameterGroupName: name, ResetAllParameters: aws.Bool(true)}))(t)
	if len(list(aws.String("user"))) != 0 || status() != "pending-reboot" {
		t.Error("not reset")
	}
	_, err = c.DeleteDBParameterGroup(c.ctx, &rds.DeleteDBParameterGroupInput{DBParameterGroupName: name})
	refused(t, err, "InvalidDBParameterGroupState", "still members")
	c.delete("i")
	must(c.DeleteDBParameterGroup(c.ctx, &rds.DeleteDBParameterGroupInput{DBParameterGroupName: name}))(t)
}

func TestCatalog(t *testing.T) {
	c := start(t)
	versions := func(in rds.DescribeDBEngineVersionsInput) string {
		var out []string
		for pages := rds.NewDescribeDBEngineVersionsPaginator(c, &in); pages.HasMorePages(); {
			for _, v := range must(pages.NextPage(c.ctx))(t).DBEngineVersions {
				out = append(out, *v.EngineVersion)
			}
		}
		return strings.Join(out, " ")
	}
	for _, check := range []struct {
		in   rds.DescribeDBEngineVersionsInput
		want string
	}{
		{rds.DescribeDBEngineVersionsInput{Engine: aws.String("postgres"), DefaultOnly: aws.Bool(true)}, "17.6"},
		{rds.DescribeDBEngineVersionsInput{Engine: aws.String("postgres"), EngineVersion: aws.String("16"), DefaultOnly: aws.Bool(true)}, "16.10"},
		{rds.DescribeDBEngineVersionsInput{Engine: aws.String("mysql"), DefaultOnly: aws.Bool(true)}, "8.4.7"},
		{rds.DescribeDBEngineVersionsInput{Engine: aws.String("mysql"), EngineVersion: aws.String("8.0.20")}, ""},
		{rds.DescribeDBEngineVersionsInput{Engine: aws.String("mysql"), EngineVersion: aws.String("8.0.20"), IncludeAll: aws.Bool(true)}, "8.0.20"},
		{rds.DescribeDBEngineVersionsInput{DBParameterGroupFamily: aws.String("postgres17")}, "17.2 17.4 17.5 17.6 17.7"},
	} {
		if got := versions(check.in); got != check.want {
			t.Errorf("got %q, want %q", got, check.want)
		}
	}
	out := must(c.DescribeDBEngineVersions(c.ctx, &rds.DescribeDBEngineVersionsInput{Engine: aws.String("postgres"), EngineVersion: aws.String("16.11")}))(t)
	if to := out.DBEngineVersions[0].ValidUpgradeTarget; len(to) != 1 || *to[0].EngineVersion != "17.7" || !*to[0].IsMajorVersionUpgrade {
		t.Errorf("got %+v", to)
	}
	options := must(c.DescribeOrderableDBInstanceOptions(c.ctx, &rds.DescribeOrderableDBInstanceOptionsInput{Engine: aws.String("postgres"), EngineVersion: aws.String("17.6"),
		DBInstanceClass: aws.String("db.t4g.micro")}))(t).OrderableDBInstanceOptions
	if len(options) != 5 || len(options[0].AvailabilityZones) < 3 || !*options[0].MultiAZCapable {
		t.Errorf("got %+v", options)
	}
	certificates := must(c.DescribeCertificates(c.ctx, &rds.DescribeCertificatesInput{}))(t)
	if *certificates.DefaultCertificateForNewLaunches != "rds-ca-rsa2048-g1" || len(certificates.Certificates) != 3 {
		t.Errorf("got %+v", certificates)
	}
	groups := must(c.DescribeOptionGroups(c.ctx, &rds.DescribeOptionGroupsInput{EngineName: aws.String("postgres"), MajorEngineVersion: aws.String("16")}))(t)
	if len(groups.OptionGroupsList) != 1 || *groups.OptionGroupsList[0].OptionGroupName != "default:postgres-16" {
		t.Errorf("got %+v", groups)
	}
	_, err := c.CreateOptionGroup(c.ctx, &rds.CreateOptionGroupInput{OptionGroupName: aws.String("x"), EngineName: aws.String("oracle-ee"), MajorEngineVersion: aws.String("19"),
		OptionGroupDescription: aws.String("x")})
	refused(t, err, "NotImplementedByLocalCloud")
}

func TestTags(t *testing.T) {
	c := start(t)
	c.create("a", func(in *rds.CreateDBInstanceInput) { in.Tags = tag("a", "1") })
	arn := aws.String(arnPrefix + "db:a")
	must(c.AddTagsToResource(c.ctx, &rds.AddTagsToResourceInput{ResourceName: arn, Tags: tag("a", "2", "b", "")}))(t)
	must(c.RemoveTagsFromResource(c.ctx, &rds.RemoveTagsFromResourceInput{ResourceName: arn, TagKeys: []string{"b"}}))(t)
	if got := must(c.ListTagsForResource(c.ctx, &rds.ListTagsForResourceInput{ResourceName: arn}))(t).TagList; len(got) != 1 || *got[0].Value != "2" {
		t.Errorf("got %v", got)
	}
	_, err := c.ListTagsForResource(c.ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String(arnPrefix + "db:b")})
	refused(t, err, "DBInstanceNotFound")
	_, err = c.ListTagsForResource(c.ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String("arn:aws:rds:eu-west-1:111111111111:db:a")})
	refused(t, err, "InvalidParameterValue", "does not match an RDS resource in this region")
}
