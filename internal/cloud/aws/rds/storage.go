package rds

import "strconv"

const (
	gp2      = "gp2"
	gp3      = "gp3"
	io1      = "io1"
	io2      = "io2"
	magnetic = "standard"
)

// storage is an instance's volume.
type storage struct {
	Type       string
	Size       int64 // GiB
	IOPS       int64 // 0 where it cannot be chosen
	Throughput int64 // MiB/s, of gp3 only
	Most       int64 // GiB up to which it grows by itself; 0: it does not
}

// volume is what a type of storage allows. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
type volume struct {
	name                            string
	least, most                     int64 // GiB
	leastIOPS, mostIOPS             int64 // 0: not to be chosen
	leastRatio, mostRatio           float64
	leastThroughput, mostThroughput int64
}

var volumes = []volume{
	{name: gp2, least: 5, most: 65536},
	{name: gp3, least: 20, most: 65536, leastIOPS: 12000, mostIOPS: 64000, mostRatio: 500, leastThroughput: 500, mostThroughput: 4000},
	{name: io1, least: 100, most: 65536, leastIOPS: 1000, mostIOPS: 256000, leastRatio: 0.5, mostRatio: 50},
	{name: io2, least: 100, most: 65536, leastIOPS: 1000, mostIOPS: 256000, leastRatio: 0.5, mostRatio: 1000},
	{name: magnetic, least: 5, most: 3072},
}

func findVolume(name string) (volume, bool) {
	for _, v := range volumes {
		if v.name == name {
			return v, true
		}
	}
	return volume{}, false
}

// striped is the size from which RDS spreads a gp3 volume over four and lets its performance be chosen.
const striped = 400

// Baselines of gp3 below and from that size.
const (
	plainIOPS, plainThroughput     = 3000, 125
	stripedIOPS, stripedThroughput = 12000, 500
)

// choice is what a call says of storage; absent members are kept or take their defaults.
type choice struct {
	Type                         *string
	Size, IOPS, Throughput, Most *int64
}

// choose gives the storage that a call asks for, based on what there was (the zero one for a new instance).
func (s storage) choose(engine string, c class, in choice) (storage, error) {
	next := s
	next.Size = or(in.Size, s.Size)
	if next.Type = or(given(text(in.Type)), s.Type); next.Type == "" {
		next.Type = gp2
		if number(in.IOPS) > 0 {
			next.Type = io1
		}
	}
	v, ok := findVolume(next.Type)
	if !ok {
		return next, invalid("Invalid storage type: %s", next.Type)
	}
	if next.Type == magnetic && !c.magnetic {
		return next, conflict("The DB instance class %s doesn't support the storage type %s.", c.name, next.Type)
	}
	if next.Size < v.least || next.Size > v.most {
		return next, conflict("Invalid storage size for engine name %s and storage type %s: %d", engine, next.Type, next.Size)
	}
	if err := next.perform(engine, v, s, in); err != nil {
		return next, err
	}
	return next, next.grow(engine, v, s, in)
}

// perform sets IOPS and throughput.
func (s *storage) perform(engine string, v volume, old storage, in choice) error {
	iops, throughput := number(in.IOPS), number(in.Throughput)
	switch {
	case v.leastIOPS == 0 && iops > 0:
		return conflict("You can't specify IOPS for the storage type %s.", s.Type)
	case v.leastThroughput == 0 && throughput > 0:
		return conflict("You can't specify storage throughput for the storage type %s.", s.Type)
	case v.leastIOPS == 0:
		s.IOPS, s.Throughput = 0, 0
		return nil
	case s.Type == gp3 && s.Size < striped:
		if iops > 0 || throughput > 0 {
			return conflict("You can't specify IOPS or storage throughput for engine %s and a storage size less than %d.", engine, striped)
		}
		s.IOPS, s.Throughput = plainIOPS, plainThroughput
		return nil
	}
	if iops == 0 && old.Type == s.Type && (s.Type != gp3 || old.Size >= striped) {
		iops = old.IOPS
		if in.Size != nil && *in.Size != old.Size && s.Type != gp3 {
			return conflict("You must specify both the storage size and iops when modifying the storage size or iops on a DB instance that has iops.")
		}
	}
	if iops == 0 && s.Type == gp3 {
		iops = stripedIOPS
	}
	if iops == 0 {
		return conflict("You must specify IOPS for the storage type %s.", s.Type)
	}
	if iops < v.leastIOPS || iops > v.mostIOPS {
		return conflict("Invalid iops value for engine name %s and storage type %s: %d", engine, s.Type, iops)
	}
	if ratio := float64(iops) / float64(s.Size); ratio < v.leastRatio || ratio > v.mostRatio {
		return conflict("Invalid iops to storage (GB) ratio for engine name %s and storage type %s: %.4f", engine, s.Type, ratio)
	}
	s.IOPS, s.Throughput = iops, 0
	if s.Type != gp3 {
		return nil
	}
	if throughput == 0 && old.Type == gp3 && old.Size >= striped {
		throughput = old.Throughput
	}
	if throughput == 0 {
		throughput = stripedThroughput
	}
	if throughput < v.leastThroughput || throughput > v.mostThroughput || float64(throughput)/float64(iops) > 0.25 {
		return conflict("Invalid storage throughput value for engine name %s and storage type %s: %d", engine, s.Type, throughput)
	}
	s.Throughput = throughput
	return nil
}

// grow sets how far the storage may grow by itself. The size itself, given for an instance that there is, ends growing.
func (s *storage) grow(engine string, v volume, old storage, in choice) error {
	s.Most = or(in.Most, old.Most)
	switch {
	case s.Most == 0:
	case in.Most != nil && old.Size > 0 && s.Most == s.Size:
		s.Most = 0
	case s.Type == magnetic:
		return conflict("Storage autoscaling isn't supported for the storage type %s.", s.Type)
	case s.Most <= s.Size:
		return conflict("Max storage size must be greater than storage size")
	case s.Most > v.most:
		return conflict("Invalid max storage size for engine name %s and storage type %s: %d", engine, s.Type, s.Most)
	case in.Most != nil && s.Most*10 < s.Size*11:
		return conflict("The maximum allocated storage must be increased by at least 10 percent.")
	}
	return nil
}

// tenPercent raises a bigger size to 110 % of the old one, as RDS does with smaller steps.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
func tenPercent(old, asked int64) (int64, error) {
	if asked < old {
		return 0, invalid("Invalid storage size: %s GiB is less than the %s GiB that the DB instance has. Allocated storage can't be reduced.",
			strconv.FormatInt(asked, 10), strconv.FormatInt(old, 10))
	}
	if asked == old {
		return old, nil
	}
	return max(asked, (old*11+9)/10), nil
}
