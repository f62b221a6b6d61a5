// Package schedule is the language of scheduled actions' times: at(2026-03-01T12:00:00), rate(5 minutes) and
// cron(0 9 ? * MON-FRI *). https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones, where the system has none
)

// Schedule is a parsed schedule.
type Schedule struct {
	at    time.Time
	every time.Duration
	cron  *cron
	zone  *time.Location
}

var (
	atForm   = regexp.MustCompile(`^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$`)
	rateForm = regexp.MustCompile(`^rate\((\d+) (minute|minutes|hour|hours|day|days)\)$`)
	cronForm = regexp.MustCompile(`^cron\((.+)\)$`)
)

// Parse reads a schedule. zone is the name of the time zone of at and cron; empty is UTC.
func Parse(text, zone string) (*Schedule, error) {
	s := &Schedule{zone: time.UTC}
	if zone != "" {
		location, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			return nil, fmt.Errorf("unknown time zone %s", zone)
		}
		s.zone = location
	}
	var err error
	if m := atForm.FindStringSubmatch(text); m != nil {
		s.at, err = time.ParseInLocation("2006-01-02T15:04:05", m[1], s.zone)
		return s, err
	}
	if m := rateForm.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 || (n == 1) == strings.HasSuffix(m[2], "s") {
			return nil, errors.New("a rate is a number above 0, with minute, hour or day in its singular for 1 and its plural else")
		}
		unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[m[2][0]]
		if n > int(366*24*time.Hour/unit) {
			return nil, errors.New("a rate is a year at most")
		}
		s.every = time.Duration(n) * unit
		return s, nil
	}
	if m := cronForm.FindStringSubmatch(text); m != nil {
		s.cron, err = parseCron(m[1])
		return s, err
	}
	return nil, errors.New("a schedule has the form at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields)")
}

// Next gives the first time after a moment; a rate counts from start. There is none once the schedule has ended.
func (s *Schedule) Next(start, after time.Time) (time.Time, bool) {
	switch {
	case s.every > 0:
		if after.Before(start) {
			return start.UTC(), true
		}
		passed := after.Sub(start)
		return after.Add(s.every - passed%s.every).UTC(), true
	case s.cron != nil:
		return s.cron.next(after, s.zone)
	}
	return s.at.UTC(), s.at.After(after)
}

// cron has the values of each field that fit.
type cron struct {
	minutes, hours, days, months, weekdays, years map[int]bool // days or weekdays is nil for "?"

	last     bool // L in the days
	workday  int  // nW in the days: the workday next to the day n
	nth      int  // weekday#nth in the weekdays
	lastWeek bool // weekdayL in the weekdays
}

func parseCron(text string) (*cron, error) {
	fields := strings.Fields(text)
	if len(fields) != 6 {
		return nil, errors.New("a cron expression has six fields")
	}
	c := &cron{}
	months := []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	weekdays := []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	if (fields[2] == "?") == (fields[4] == "?") {
		return nil, errors.New("one of the day of the month and the day of the week must be ?")
	}
	if fields[2] == "L" {
		c.last, fields[2] = true, "?"
	} else if day, ok := strings.CutSuffix(fields[2], "W"); ok {
		n, err := strconv.Atoi(day)
		if err != nil || n < 1 || n > 31 {
			return nil, fmt.Errorf("%s is no workday", fields[2])
		}
		c.workday, fields[2] = n, "?"
	}
	if day, nth, ok := strings.Cut(fields[4], "#"); ok {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 || n > 5 {
			return nil, fmt.Errorf("%s is no day of the week", fields[4])
		}
		c.nth, fields[4] = n, day
	} else if day, ok := strings.CutSuffix(fields[4], "L"); ok {
		c.lastWeek, fields[4] = true, day
		if day == "" {
			c.lastWeek, fields[4] = false, "7"
		}
	}
	var err error
	for _, f := range []struct {
		to          *map[int]bool
		text        string
		least, most int
		names       []string
	}{
		{&c.minutes, fields[0], 0, 59, nil}, {&c.hours, fields[1], 0, 23, nil}, {&c.days, fields[2], 1, 31, nil}, {&c.months, fields[3], 1, 12, months},
		{&c.weekdays, fields[4], 1, 7, weekdays}, {&c.years, fields[5], 1970, 2199, nil},
	} {
		if f.text == "?" {
			continue
		}
		if *f.to, err = values(f.text, f.least, f.most, f.names); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// values reads a list of values, ranges and steps: 1,5-7,*/10.
func values(text string, least, most int, names []string) (map[int]bool, error) {
	out := map[int]bool{}
	one := func(s string) (int, error) {
		if i := slices.Index(names, strings.ToUpper(s)); i >= 0 {
			return i + least, nil
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("%q is not between %d and %d", s, least, most)
		}
		return n, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		body, step, stepped := strings.Cut(part, "/")
		every := 1
		if stepped {
			n, err := strconv.Atoi(step)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("%q is no step", step)
			}
			every = n
		}
		from, to := least, most
		if body != "*" {
			low, high, ranged := strings.Cut(body, "-")
			var err error
			if from, err = one(low); err != nil {
				return nil, err
			}
			if to = from; stepped {
				to = most
			}
			if ranged {
				if to, err = one(high); err != nil {
					return nil, err
				}
			}
		}
		if to < from { // such as FRI-MON
			for n := from; n <= most; n += every {
				out[n] = true
			}
			from = least
		}
		for n := from; n <= to; n += every {
			out[n] = true
		}
	}
	return out, nil
}

// next looks day by day; no expression that comes at all lets more than eight years pass, the leap day of 2100 in between.
func (c *cron) next(after time.Time, zone *time.Location) (time.Time, bool) {
	local := after.In(zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	for range 9 * 366 {
		if c.years[day.Year()] && c.months[int(day.Month())] && c.onDay(day) {
			for hour := range 24 {
				for minute := range 60 {
					if !c.hours[hour] || !c.minutes[minute] {
						continue
					}
					t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, zone)
					if t.Hour() == hour && t.After(after) { // an hour that the clock leaps over does not come
						return t.UTC(), true
					}
				}
			}
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone)
	}
	return time.Time{}, false
}

func (c *cron) onDay(day time.Time) bool {
	last := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, day.Location()).Day()
	switch {
	case c.last:
		return day.Day() == last
	case c.workday > 0:
		return day.Day() == nearestWorkday(day, min(c.workday, last), last)
	case c.weekdays == nil:
		return c.days[day.Day()]
	}
	if !c.weekdays[int(day.Weekday())+1] {
		return false
	}
	return (c.nth == 0 || (day.Day()-1)/7+1 == c.nth) && (!c.lastWeek || day.Day()+7 > last)
}

// nearestWorkday stays within the month.
func nearestWorkday(month time.Time, day, last int) int {
	switch time.Date(month.Year(), month.Month(), day, 0, 0, 0, 0, month.Location()).Weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == last {
			return day - 2
		}
		return day + 1
	}
	return day
}
