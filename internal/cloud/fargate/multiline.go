package fargate

import (
	"errors"
	"regexp"
	"strings"
	"time"
)

// eventAge is how long the last line of an event of several waits for another one, as in Docker's driver.
const eventAge = 5 * time.Second

// dateTimeCodes are what a date and time may be written of in awslogs-datetime-format.
// https://docs.docker.com/engine/logging/drivers/awslogs/#awslogs-datetime-format
func dateTimeCodes() *strings.Replacer {
	return strings.NewReplacer(
		"%a", "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", "%A", "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)", "%w", "[0-6]",
		"%b", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
		"%B", "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
		"%d", "(?:0[1-9]|[12][0-9]|3[01])", "%m", "(?:0[1-9]|1[0-2])", "%Y", `\d{4}`, "%y", `\d{2}`, "%j", "[0-3][0-9]{2}",
		"%H", "(?:[01][0-9]|2[0-3])", "%I", "(?:0[1-9]|1[0-2])", "%p", "[AP]M", "%M", "[0-5][0-9]", "%S", "[0-5][0-9]", "%f", `\d{6}`, "%L", `\.\d{3}`,
		"%z", `[+-]\d{4}`, "%Z", "[A-Z]{1,4}T",
	)
}

// eventStart gives what the first line of each event looks like, by awslogs' options; nil where each line is an event.
func eventStart(options map[string]string) (*regexp.Regexp, error) {
	pattern, format := options["awslogs-multiline-pattern"], options["awslogs-datetime-format"]
	switch {
	case pattern != "" && format != "":
		return nil, errors.New("you cannot configure log opt 'awslogs-datetime-format' and 'awslogs-multiline-pattern' at the same time")
	case format != "":
		pattern = dateTimeCodes().Replace(format)
	case pattern == "":
		return nil, nil
	}
	return regexp.Compile(pattern)
}
