package route53_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func TestCIDRCollections(t *testing.T) {
	c := start(t)
	create := func(name, reference string) (*sdk.CreateCidrCollectionOutput, error) {
		return c.CreateCidrCollection(c.ctx, &sdk.CreateCidrCollectionInput{Name: &name, CallerReference: &reference})
	}
	id := must(create("offices", "a"))(t).Collection.Id
	if again := must(create("offices", "a"))(t).Collection; *again.Id != *id {
		t.Error("the same call made another collection")
	}
	_, err := create("offices", "b")
	refused(t, err, "CidrCollectionAlreadyExistsException")
	change := func(action types.CidrCollectionChangeAction, version *int64, location string, blocks ...string) error {
		_, err := c.ChangeCidrCollection(c.ctx, &sdk.ChangeCidrCollectionInput{Id: id, CollectionVersion: version, Changes: []types.CidrCollectionChange{
			{Action: action, LocationName: &location, CidrList: blocks}}})
		return err
	}
	if err := change(types.CidrCollectionChangeActionPut, aws.Int64(1), "berlin", "203.0.113.0/24", "2001:db8::/48"); err != nil {
		t.Fatal(err)
	}
	refused(t, change(types.CidrCollectionChangeActionPut, aws.Int64(1), "rome", "198.51.100.0/24"), "CidrCollectionVersionMismatchException")
	refused(t, change(types.CidrCollectionChangeActionPut, nil, "rome", "203.0.113.0/24"), "CidrBlockInUseException")
	refused(t, change(types.CidrCollectionChangeActionPut, nil, "rome", "203.0.113.0/25"), "InvalidInput")
	blocks := must(c.ListCidrBlocks(c.ctx, &sdk.ListCidrBlocksInput{CollectionId: id, LocationName: aws.String("berlin"), MaxResults: aws.Int32(1)}))(t)
	if len(blocks.CidrBlocks) != 1 || *blocks.CidrBlocks[0].CidrBlock != "2001:db8::/48" || blocks.NextToken == nil {
		t.Errorf("blocks: %+v", blocks)
	}
	locations := must(c.ListCidrLocations(c.ctx, &sdk.ListCidrLocationsInput{CollectionId: id}))(t).CidrLocations
	all := must(c.ListCidrCollections(c.ctx, &sdk.ListCidrCollectionsInput{}))(t).CidrCollections
	if len(locations) != 1 || *locations[0].LocationName != "berlin" || len(all) != 1 || *all[0].Version != 2 {
		t.Errorf("locations: %+v of %+v", locations, all)
	}

	at := func(location string) func(*types.ResourceRecordSet) {
		return func(r *types.ResourceRecordSet) {
			r.CidrRoutingConfig = &types.CidrRoutingConfig{CollectionId: id, LocationName: &location}
		}
	}
	c.add(routed(set("www.example.net", types.RRTypeA, "192.0.2.1"), "a", at("berlin")), routed(set("www.example.net", types.RRTypeA, "192.0.2.2"), "b", at("*")))
	put := func(r *types.ResourceRecordSet) error {
		return c.change(types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: r})
	}
	refused(t, put(routed(set("www.example.net", types.RRTypeA, "192.0.2.3"), "c", at("rome"))), "NoSuchCidrLocationException")
	refused(t, put(routed(set("www.example.net", types.RRTypeA, "192.0.2.3"), "c", at("berlin"))), "InvalidChangeBatch", "same CidrRoutingConfig")
	refused(t, change(types.CidrCollectionChangeActionDeleteIfExists, nil, "berlin", "203.0.113.0/24", "2001:db8::/48"), "CidrBlockInUseException")
	_, err = c.DeleteCidrCollection(c.ctx, &sdk.DeleteCidrCollectionInput{Id: id})
	refused(t, err, "CidrCollectionInUseException")
	for identifier, location := range map[string]string{"a": "berlin", "b": "*"} {
		value := map[string]string{"a": "192.0.2.1", "b": "192.0.2.2"}[identifier]
		err := c.change(types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: routed(set("www.example.net", types.RRTypeA, value), identifier, at(location))})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := change(types.CidrCollectionChangeActionDeleteIfExists, nil, "berlin", "203.0.113.0/24", "2001:db8::/48"); err != nil {
		t.Fatal(err)
	}
	must(c.DeleteCidrCollection(c.ctx, &sdk.DeleteCidrCollectionInput{Id: id}))(t)
	refused(t, put(routed(set("www.example.net", types.RRTypeA, "192.0.2.3"), "c", at("berlin"))), "NoSuchCidrCollectionException")
}
