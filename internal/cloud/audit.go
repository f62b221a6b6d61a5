package cloud

import (
	"path/filepath"
	"strings"

	"atoll/internal/cloud/aws/sts"
	"atoll/internal/cloud/trail"
	"atoll/internal/cloud/wire"
)

// auditDir holds the audit record's files.
func auditDir(dir string) string { return filepath.Join(dir, "events") }

// record enters the calls that are management events into the audit record.
func record(log *trail.Log) func(*wire.Finished) {
	return func(f *wire.Finished) {
		if !trail.IsDataEvent(f.API.SigningName, f.Operation.Name) {
			log.Record(audited{f})
		}
	}
}

// audited is a call as an entry of the audit record.
type audited struct{ *wire.Finished }

func (a audited) Entry() trail.Entry {
	e := trail.Entry{
		Principal: a.Call.Principal, SessionStart: a.Call.SessionStart, Time: a.Call.Time, Service: a.API.SigningName, Name: a.Operation.Name,
		Region: a.Call.Region, SourceIP: a.Call.SourceIP, UserAgent: a.Call.UserAgent, RequestID: a.Call.RequestID,
		ReadOnly: !a.Operation.Mutating, Resources: a.Resources(), Payload: a.Finished,
	}
	if a.Err != nil {
		e.ErrorCode, e.ErrorMessage = a.ErrorCode(), a.Err.Message
	}
	if in, ok := a.Input().(*sts.AssumeRoleWithWebIdentityInput); ok {
		e.WebIdentity = &trail.WebIdentity{}
		if parts := strings.Split(*in.RoleArn, ":"); len(parts) == 6 {
			e.Principal.Account = parts[4] // the caller has none: the event is that of the role's account
		}
		if out, ok := a.Output().(*sts.AssumeRoleWithWebIdentityOutput); ok {
			e.WebIdentity = &trail.WebIdentity{Provider: *out.Provider, Audience: *out.Audience, Subject: *out.SubjectFromWebIdentityToken}
		}
	}
	return e
}
