package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Database is an RDS instance.
type Database struct {
	ID      string
	Address string // its endpoint's name; empty until it is made
	Port    int
	Detail  types.DBInstance
}

// Replica reports whether the instance is a read replica.
func (d *Database) Replica() bool { return d.Detail.ReadReplicaSourceDBInstanceIdentifier != nil }

// Groups gives the security groups of the instance.
func (d *Database) Groups() []string {
	var out []string
	for _, g := range d.Detail.VpcSecurityGroups {
		out = append(out, aws.ToString(g.VpcSecurityGroupId))
	}
	return out
}

// Subnets gives the subnets that the instance may stand in.
func (d *Database) Subnets() []string {
	var out []string
	if g := d.Detail.DBSubnetGroup; g != nil {
		for _, s := range g.Subnets {
			out = append(out, aws.ToString(s.SubnetIdentifier))
		}
	}
	return out
}

func (e *Environment) loadDatabases(ctx context.Context) error {
	arns := e.Tagged("rds", "db:")
	if len(arns) == 0 {
		arns = []string{e.Prefix()}
	}
	for _, arn := range arns {
		out, err := e.RDS.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(last(arn))})
		if none := (*types.DBInstanceNotFoundFault)(nil); errors.As(err, &none) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking for the database: %w", err)
		}
		for _, i := range out.DBInstances {
			d := Database{ID: aws.ToString(i.DBInstanceIdentifier), Port: int(aws.ToInt32(i.DbInstancePort)), Detail: i}
			if i.Endpoint != nil {
				d.Address, d.Port = aws.ToString(i.Endpoint.Address), int(aws.ToInt32(i.Endpoint.Port))
			}
			e.Databases = append(e.Databases, d)
		}
	}
	rank := func(d Database) int {
		switch {
		case d.Replica():
			return 2
		case d.ID != e.Prefix():
			return 1
		}
		return 0
	}
	slices.SortStableFunc(e.Databases, func(a, b Database) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID)) })
	return nil
}
