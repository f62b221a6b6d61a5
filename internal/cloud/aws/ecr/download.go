package ecr

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// DownloadPath is what the path of a download URL begins with; no bucket has such a name. The region, the account, the repository's name and the
// digest follow.
const DownloadPath = "/_ecr/layers/"

// downloadLife is how long a download URL is good for.
const downloadLife = time.Hour

// GetDownloadUrlForLayer gives a URL at which anyone who knows it gets a layer, for an hour. A restart of the cloud ends it sooner.
func (s *Service) GetDownloadUrlForLayer(ctx context.Context, in *GetDownloadUrlForLayerInput) (*GetDownloadUrlForLayerOutput, error) {
	if !digests.MatchString(*in.LayerDigest) {
		return nil, invalid("layerDigest", "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'")
	}
	out := &GetDownloadUrlForLayerOutput{LayerDigest: in.LayerDigest}
	return out, s.read(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		if _, ok := t.layers.Get(t.tx, t.sc, layerKey(r, *in.LayerDigest)); !ok {
			return wire.Errorf("LayersNotFoundException", "Layers with digests '[%s]' do not exist in the repository with name '%s' in the registry with id '%s'", *in.LayerDigest, r.Name, t.sc.Account)
		}
		path := DownloadPath + t.sc.Region + "/" + t.sc.Account + "/" + r.Name + "/" + *in.LayerDigest
		expires := strconv.FormatInt(t.now.Add(downloadLife).Unix(), 10)
		out.DownloadUrl = new(t.call.Endpoint + path + "?" + url.Values{"expires": {expires}, "signature": {s.sign(path, expires)}}.Encode())
		return nil
	})
}

// sign gives the proof that this service has given out a download URL.
func (s *Service) sign(path, expires string) string {
	mac := hmac.New(sha256.New, s.downloads)
	mac.Write([]byte(path + "\n" + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// ErrDownload means that a download URL is not one that GetDownloadUrlForLayer gave, or no longer good.
var ErrDownload = errors.New("the URL is not valid, or it has expired")

// Download gives the layer of a download URL.
func (s *Service) Download(u *url.URL) (*Content, error) {
	q := u.Query()
	expires, err := strconv.ParseInt(q.Get("expires"), 10, 64)
	if err != nil || !hmac.Equal([]byte(s.sign(u.Path, q.Get("expires"))), []byte(q.Get("signature"))) || s.d.Clock.Now().Unix() > expires {
		return nil, ErrDownload
	}
	region, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, DownloadPath), "/")
	account, rest, _ := strings.Cut(rest, "/")
	at := strings.LastIndex(rest, "/")
	return s.OpenLayer(state.Scope{Account: account, Region: region}, rest[:at], rest[at+1:])
}
