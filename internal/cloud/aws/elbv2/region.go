package elbv2

// regionData is what AWS publishes of Elastic Load Balancing in a region: the hosted zones of load balancers' names, for alias
// records, and the account by which logs are written where a bucket's policy does not name the service.
// https://docs.aws.amazon.com/general/latest/gr/elb.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
type regionData struct{ name, applicationZone, networkZone, account string }

// regions are those that EC2 has.
func regions() []regionData {
	return []regionData{
		{"ap-northeast-1", "Z14GRHDCWA56QT", "Z31USIVHYNEOWT", "582318560864"},
		{"ap-northeast-2", "ZWKZPGTI48KDX", "ZIBE1TIR4HY56", "600734575887"},
		{"ap-northeast-3", "Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X", "383597477331"},
		{"ap-south-1", "ZP97RAFLXTNZK", "ZVDDRBQ08TROA", "718504428378"},
		{"ap-southeast-1", "Z1LMS91P8CMLE5", "ZKVM4W9LS7TM", "114774131450"},
		{"ap-southeast-2", "Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD", "783225319266"},
		{"ca-central-1", "ZQSVJUPU6J1EY", "Z2EPGBW3API2WT", "985666609251"},
		{"eu-central-1", "Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90", "054676820928"},
		{"eu-north-1", "Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM", "897822967062"},
		{"eu-west-1", "Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F", "156460612806"},
		{"eu-west-2", "ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G", "652711504416"},
		{"eu-west-3", "Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5", "009996457667"},
		{"sa-east-1", "Z2P70J7HTTTPLU", "ZTK26PT1VY4CU", "507241528517"},
		{"us-east-1", "Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI", "127311923021"},
		{"us-east-2", "Z3AADJGX6KTTL2", "ZLMOA37VPKANP", "033677994240"},
		{"us-west-1", "Z368ELLRRE2KJ0", "Z24FKFUX50B4VW", "027434742980"},
		{"us-west-2", "Z1H1FL5HABSF5", "Z18D5FSROUN65G", "797873946194"},
	}
}

// regionOf gives a region's data; one that is not listed has none.
func regionOf(name string) regionData {
	for _, r := range regions() {
		if r.name == name {
			return r
		}
	}
	return regionData{name: name}
}
