package rds

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Windows are spans of the day or of the week, in UTC: "03:00-03:30" for backups, "sun:04:00-sun:04:30" for maintenance.

var (
	daily    = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	weekly   = regexp.MustCompile(`^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)$`)
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts
)

const (
	day  = 24 * 60 // minutes
	week = 7 * day
)

// span is a window in minutes from the beginning of the day or of Sunday; it may go over the end.
type span struct{ from, length int }

func clockMinutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

func backupSpan(window string) (span, error) {
	m := daily.FindStringSubmatch(window)
	if m == nil {
		return span{}, invalid("Invalid backup window format: %s. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC). Example: 04:00-04:30", window)
	}
	from, to := clockMinutes(m[1], m[2]), clockMinutes(m[3], m[4])
	s := span{from, (to - from + day) % day}
	if s.length < 30 {
		return span{}, invalid("The backup window must be at least 30 minutes.")
	}
	return s, nil
}

func maintenanceSpan(window string) (span, error) {
	m := weekly.FindStringSubmatch(window)
	if m == nil {
		return span{}, invalid("Invalid maintenance window format: %s. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: Sun:23:45-Mon:00:15", window)
	}
	from := slices.Index(weekdays, m[1])*day + clockMinutes(m[2], m[3])
	to := slices.Index(weekdays, m[4])*day + clockMinutes(m[5], m[6])
	s := span{from, (to - from + week) % week}
	if s.length < 30 || s.length > day {
		return span{}, invalid("The maintenance window must be at least 30 minutes and at most 24 hours.")
	}
	return s, nil
}

// overlap reports whether a weekly window meets a daily one.
func overlap(maintenance, backup span) bool {
	for d := range 8 {
		from := d*day + backup.from
		for _, shift := range []int{-week, 0, week} {
			a, b := maintenance.from+shift, from
			if a < b+backup.length && b < a+maintenance.length {
				return true
			}
		}
	}
	return false
}

// windows checks the windows of an instance, and chooses those that are not given: half an hour between 03:00 and 11:00, at a place
// that follows from the instance's resource id.
func windows(resource, backup, maintenance string) (backupWindow, maintenanceWindow string, err error) {
	backup, maintenance = strings.ToLower(backup), strings.ToLower(maintenance)
	h := fnv.New32a()
	h.Write([]byte(resource))
	seed := int(h.Sum32() % 1000)
	for try := range 16 {
		b, m := backup, maintenance
		if b == "" {
			from := 3*60 + (seed+try)%16*30
			b = fmt.Sprintf("%s-%s", clockText(from), clockText(from+30))
		}
		if m == "" {
			from := 3*60 + (seed+7+2*try)%16*30
			d := weekdays[seed%7]
			m = fmt.Sprintf("%s:%s-%s:%s", d, clockText(from), d, clockText(from+30))
		}
		bs, err := backupSpan(b)
		if err != nil {
			return "", "", err
		}
		ms, err := maintenanceSpan(m)
		if err != nil {
			return "", "", err
		}
		if !overlap(ms, bs) {
			return b, m, nil
		}
		if backup != "" && maintenance != "" {
			break
		}
	}
	return "", "", conflict("The backup window and maintenance window must not overlap.")
}

func clockText(minutes int) string {
	return fmt.Sprintf("%02d:%02d", minutes/60%24, minutes%60)
}

// nextBackup gives the beginning of the first backup window after a time.
func nextBackup(window string, after time.Time) time.Time {
	s, err := backupSpan(window)
	if err != nil {
		return time.Time{}
	}
	return next(after.UTC().Truncate(24*time.Hour), s, 24*time.Hour, after)
}

// nextMaintenance gives the beginning of the first maintenance window after a time.
func nextMaintenance(window string, after time.Time) time.Time {
	s, err := maintenanceSpan(window)
	if err != nil {
		return time.Time{}
	}
	after = after.UTC()
	sunday := after.Truncate(24*time.Hour).AddDate(0, 0, -int(after.Weekday()))
	return next(sunday, s, 7*24*time.Hour, after)
}

func next(origin time.Time, s span, period time.Duration, after time.Time) time.Time {
	at := origin.Add(time.Duration(s.from) * time.Minute)
	for !at.After(after) {
		at = at.Add(period)
	}
	return at
}
