package cli

import (
	"fmt"
	"io"
	"strings"

	"atoll/internal/cloud/daemon"
)

// writeUnjudged tells what of an account's web ACLs the local cloud cannot judge, which a rehearsal does not show; nothing where all is judged.
func writeUnjudged(w io.Writer, info daemon.Info, account string) {
	for _, u := range info.Unjudged {
		arn := strings.Split(u.WebACL, ":")
		path := strings.Split(u.WebACL, "/")
		if len(arn) < 6 || len(path) < 4 || arn[4] != account {
			continue
		}
		fmt.Fprintf(w, "\nThe web ACL %s protects less here than on AWS. The local cloud cannot judge, and so never blocks by:\n", path[2])
		for _, part := range u.Parts {
			fmt.Fprintf(w, "  %s\n", part)
		}
	}
}
