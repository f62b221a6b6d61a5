package route53

import "strings"

// applicationZones gives the regions of the zones of application and classic load balancers.
var applicationZones = map[string]string{
	"Z268VQBMOI5EKX": "af-south-1", "Z3DQVH9N71FHZ0": "ap-east-1", "Z02789141MW7T1WBU19PO": "ap-east-2",
	"Z14GRHDCWA56QT": "ap-northeast-1", "ZWKZPGTI48KDX": "ap-northeast-2", "Z5LXEXXYW11ES": "ap-northeast-3",
	"ZP97RAFLXTNZK": "ap-south-1", "Z0173938T07WNTVAEPZN": "ap-south-2", "Z1LMS91P8CMLE5": "ap-southeast-1",
	"Z1GM3OXH4ZPM65": "ap-southeast-2", "Z08888821HLRG5A9ZRTER": "ap-southeast-3", "Z09517862IB2WZLPXG76F": "ap-southeast-4",
	"Z06010284QMVVW7WO5J": "ap-southeast-5", "Z023301818UFJ50CIO0MV": "ap-southeast-6", "Z0390008CMBRTHFGWBCB": "ap-southeast-7",
	"ZQSVJUPU6J1EY": "ca-central-1", "Z06473681N0SF6OS049SD": "ca-west-1", "Z215JYRZR1TBD5": "eu-central-1",
	"Z06391101F2ZOEP8P5EB3": "eu-central-2", "Z23TAZ6LKFMNIO": "eu-north-1", "Z3ULH7SSC9OV64": "eu-south-1",
	"Z0956581394HF5D5LXGAP": "eu-south-2", "Z32O12XQLNTSW2": "eu-west-1", "ZHURV8PSTC4K8": "eu-west-2",
	"Z3Q77PNBQS71R4": "eu-west-3", "Z09170902867EHPV2DABU": "il-central-1", "Z08230872XQRWHG2XF6I": "me-central-1",
	"ZS929ML54UICD": "me-south-1", "Z023552324OKD1BB28BH5": "mx-central-1", "Z2P70J7HTTTPLU": "sa-east-1",
	"Z35SXDOTRQ7X7K": "us-east-1", "Z3AADJGX6KTTL2": "us-east-2", "Z166TLBEWOO7G0": "us-gov-east-1",
	"Z33AYJ8TM3BH4J": "us-gov-west-1", "Z368ELLRRE2KJ0": "us-west-1", "Z1H1FL5HABSF5": "us-west-2",
}

// networkZones gives the regions of the zones of network load balancers.
var networkZones = map[string]string{
	"Z203XCE67M25HM": "af-south-1", "Z12Y7K3UBGUAD1": "ap-east-1", "Z09176273OC2HWIAUNYW": "ap-east-2",
	"Z31USIVHYNEOWT": "ap-northeast-1", "ZIBE1TIR4HY56": "ap-northeast-2", "Z1GWIQ4HH19I5X": "ap-northeast-3",
	"ZVDDRBQ08TROA": "ap-south-1", "Z0711778386UTO08407HT": "ap-south-2", "ZKVM4W9LS7TM": "ap-southeast-1",
	"ZCT6FZBF4DROD": "ap-southeast-2", "Z01971771FYVNCOVWJU1G": "ap-southeast-3", "Z01156963G8MIIL7X90IV": "ap-southeast-4",
	"Z026317210H9ACVTRO6FB": "ap-southeast-5", "Z01392953RKV2Q3RBP0KU": "ap-southeast-6", "Z054363131YWATEMWRG5L": "ap-southeast-7",
	"Z2EPGBW3API2WT": "ca-central-1", "Z02754302KBB00W2LKWZ9": "ca-west-1", "Z3F0SRJ5LGBH90": "eu-central-1",
	"Z02239872DOALSIDCX66S": "eu-central-2", "Z1UDT6IFJ4EJM": "eu-north-1", "Z23146JA1KNAFP": "eu-south-1",
	"Z1011216NVTVYADP1SSV": "eu-south-2", "Z2IFOLAFXWLO4F": "eu-west-1", "ZD4D7Y8KGAS4G": "eu-west-2",
	"Z1CMS0P5QUZ6D5": "eu-west-3", "Z0313266YDI6ZRHTGQY4": "il-central-1", "Z00282643NTTLPANJJG2P": "me-central-1",
	"Z3QSRYVP46NYYV": "me-south-1", "Z02031231H3ID6HYJ9A7U": "mx-central-1", "ZTK26PT1VY4CU": "sa-east-1",
	"Z26RNL4JYFTOTI": "us-east-1", "ZLMOA37VPKANP": "us-east-2", "Z1ZSMQQ6Q24QQ8": "us-gov-east-1",
	"ZMG1MZ2THAWF1": "us-gov-west-1", "Z24FKFUX50B4VW": "us-west-1", "Z18D5FSROUN65G": "us-west-2",
}

// websiteZones gives the regions of the zones of S3 websites.
var websiteZones = map[string]string{
	"Z83WF9RJE8B12": "af-south-1", "ZNB98KWMFR0R6": "ap-east-1", "Z064739330DAH7WJVOO93": "ap-east-2",
	"Z2M4EHUR26P7ZW": "ap-northeast-1", "Z3W03O7B5YMIYP": "ap-northeast-2", "Z2YQB5RD63NC85": "ap-northeast-3",
	"Z11RGJOFQNVJUP": "ap-south-1", "Z02976202B4EZMXIPMXF7": "ap-south-2", "Z3O0J2DXBE1FTB": "ap-southeast-1",
	"Z1WCIGYICN2BYD": "ap-southeast-2", "Z01846753K324LI26A3VV": "ap-southeast-3", "Z0312387243XT5FE14WFO": "ap-southeast-4",
	"Z08660063OXLMA7F1FJHU": "ap-southeast-5", "Z05686083R66JX5C163TC": "ap-southeast-6", "Z0031014GXUMRZG6I14G": "ap-southeast-7",
	"Z1QDHH18159H29": "ca-central-1", "Z03565811Z33SLEZTHOUL": "ca-west-1", "Z21DNDUVLTQW6Q": "eu-central-1",
	"Z030506016YDQGETNASS": "eu-central-2", "Z3BAZG2TWCNX0D": "eu-north-1", "Z30OZKI7KPW7MI": "eu-south-1",
	"Z0081959F7139GRJC19J": "eu-south-2", "Z1BKCTXD74EZPE": "eu-west-1", "Z3GKZC51ZF0DB4": "eu-west-2",
	"Z3R1K369G5AVDG": "eu-west-3", "Z09640613K4A3MN55U7GU": "il-central-1", "Z06143092I8HRXZRUZROF": "me-central-1",
	"Z1MPMWCPA7YB62": "me-south-1", "Z057606446ZNVQJJ8WOP": "mx-central-1", "Z7KQH4QJS55SO": "sa-east-1",
	"Z3AQBSTGFYJSTF": "us-east-1", "Z2O1EMRO9K5GLX": "us-east-2", "Z2NIFVYYW2VKV1": "us-gov-east-1",
	"Z31GFT0UA1I2HV": "us-gov-west-1", "Z2F56UZL2M1ACD": "us-west-1", "Z3BJ6K6RIION7M": "us-west-2",
}

// The zones of CloudFront and Global Accelerator.
const (
	cloudFrontZone  = "Z2FDTNDATAQYW2"
	acceleratorZone = "Z2BJ6XQ5FK7U4H"
)

// inTargetZone reports whether a name can lie in one of AWS's zones. known is false for zones whose names are not known here.
// https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
func inTargetZone(zone, name string) (lies, known bool) {
	suffixes := []string{}
	if region, ok := applicationZones[zone]; ok {
		suffixes = append(suffixes, "."+region+".elb.amazonaws.com.")
	}
	if region, ok := networkZones[zone]; ok {
		suffixes = append(suffixes, ".elb."+region+".amazonaws.com.")
	}
	if region, ok := websiteZones[zone]; ok {
		return name == "s3-website-"+region+".amazonaws.com." || name == "s3-website."+region+".amazonaws.com.", true
	}
	switch zone {
	case cloudFrontZone:
		suffixes = append(suffixes, ".cloudfront.net.")
	case acceleratorZone:
		suffixes = append(suffixes, ".awsglobalaccelerator.com.")
	}
	for _, suffix := range suffixes {
		if strings.HasSuffix(name, suffix) {
			return true, true
		}
	}
	return false, len(suffixes) > 0
}

// checkAlias checks where an alias leads: to a record of its type in the same zone, or to a name in a zone of AWS's.
func (b *batch) checkAlias(r *ResourceRecordSet) {
	a := r.AliasTarget
	if a == nil {
		return
	}
	tried := "Tried to create an alias that targets " + *a.DNSName + ", type " + *r.Type + " in zone " + *a.HostedZoneId + ", but "
	if *r.Type == "NS" || *r.Type == "SOA" {
		b.complain("RRSet of type " + *r.Type + " with DNS name " + *r.Name + " cannot be an alias.")
		return
	}
	if *a.HostedZoneId != b.zone.ID {
		lies, known := inTargetZone(*a.HostedZoneId, *a.DNSName)
		_, own := b.zones.Get(b.tx, b.sc, *a.HostedZoneId)
		switch {
		case known && !lies:
			b.complain(tried + "the alias target name does not lie within the target zone")
		case known && *r.Type != "A" && *r.Type != "AAAA" && *r.Type != "HTTPS":
			b.complain(tried + "that target was not found")
		case own:
			b.complain(tried + "the target is in another hosted zone: the alias must be in the same zone as its target")
		}
		return
	}
	if !within(*a.DNSName, b.zone.Name) {
		b.complain(tried + "the alias target name does not lie within the target zone")
		return
	}
	for range b.records.Prefix(b.tx, b.sc, setKey(b.zone.ID, *a.DNSName, *r.Type, "")) {
		return
	}
	b.complain(tried + "that target was not found")
}
