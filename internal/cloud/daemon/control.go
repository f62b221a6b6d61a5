package daemon

import (
	"encoding/json"
	"io"
	"net/http"

	"atoll/internal/disk"
)

// Keys are the access keys of an account's root user.
type Keys struct {
	Account         string `json:"account"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
}

// Authority is the certificate of the authority that signs for the cloud's host names, in PEM.
type Authority struct {
	Certificate string `json:"certificate"`
}

// control is the interface on the unix socket. Whoever can open the socket may do everything: it is the directory's owner.
func (d *daemon) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		d.answer(w, d.about())
	})
	mux.HandleFunc("GET /keys/{account}", func(w http.ResponseWriter, r *http.Request) {
		key, err := d.cloud.AccountKey(r.Context(), r.PathValue("account"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		d.answer(w, Keys{key.Principal.Account, key.ID, key.Secret})
	})
	mux.HandleFunc("GET /authority", func(w http.ResponseWriter, r *http.Request) {
		certificate, err := d.cloud.Authority(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		d.answer(w, Authority{string(certificate)})
	})
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		d.answer(w, d.info)
		d.once.Do(func() { close(d.stop) })
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
		if err := d.cloud.Reset(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		d.answer(w, d.info)
	})
	mux.HandleFunc("POST /dial", d.dial)
	mux.HandleFunc("GET /save", func(w http.ResponseWriter, r *http.Request) {
		out := &started{Writer: w}
		err := d.cloud.Save(r.Context(), out)
		switch {
		case err == nil:
		case !out.begun:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			d.config.Logger.Error("saving the cloud", "err", err)
			panic(http.ErrAbortHandler) // the client sees an archive cut short, and throws it away
		}
	})
	return mux
}

// about is what there is to say of the cloud now.
func (d *daemon) about() Info {
	info := d.info
	info.Calls, info.Unjudged = d.calls.Load(), d.cloud.Unjudged()
	if space, err := disk.Free(info.Dir); err == nil {
		info.Free = space.Free
	}
	return info
}

// started notes whether anything was written.
type started struct {
	io.Writer
	begun bool
}

func (s *started) Write(p []byte) (int, error) {
	s.begun = true
	return s.Writer.Write(p)
}

func (d *daemon) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		d.config.Logger.Debug("answering on the control socket", "err", err)
	}
}
