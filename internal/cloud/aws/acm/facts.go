package acm

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// facts is what a certificate says of itself.
type facts struct {
	Serial, Subject, Issuer, Signature string
	NotBefore, NotAfter                time.Time
	Usages                             []string
	Extended                           []extendedUsage
}

type extendedUsage struct{ Name, OID string }

func factsOf(c *x509.Certificate) *facts {
	f := &facts{
		Subject: c.Subject.String(), Issuer: c.Issuer.CommonName, Signature: signatureName(c.SignatureAlgorithm),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Usages: usages(c.KeyUsage), Extended: extendedUsages(c),
	}
	if len(c.Issuer.Organization) > 0 {
		f.Issuer = c.Issuer.Organization[0]
	}
	var digits []string
	for _, b := range c.SerialNumber.Bytes() {
		digits = append(digits, hex.EncodeToString([]byte{b}))
	}
	f.Serial = strings.Join(digits, ":")
	return f
}

// signatureName gives AWS's name of a signature algorithm, such as SHA256WITHRSA.
func signatureName(a x509.SignatureAlgorithm) string {
	family, hash := "", ""
	switch a {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA1WithRSA:
		hash, family, _ = strings.Cut(a.String(), "-") // such as SHA256-RSA
	case x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.ECDSAWithSHA1:
		family, hash, _ = strings.Cut(a.String(), "-") // such as ECDSA-SHA256
	default:
		return strings.ToUpper(a.String())
	}
	return hash + "WITH" + family
}

func usages(u x509.KeyUsage) []string {
	if u == 0 {
		return []string{"ANY"}
	}
	var out []string
	for i, name := range []string{"DIGITAL_SIGNATURE", "NON_REPUDIATION", "KEY_ENCIPHERMENT", "DATA_ENCIPHERMENT", "KEY_AGREEMENT",
		"CERTIFICATE_SIGNING", "CRL_SIGNING", "ENCIPHER_ONLY", "DECIPHER_ONLY"} {
		if u&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

func extendedUsages(c *x509.Certificate) []extendedUsage {
	known := map[x509.ExtKeyUsage]extendedUsage{
		x509.ExtKeyUsageAny:             {"ANY", "2.5.29.37.0"},
		x509.ExtKeyUsageServerAuth:      {"TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"},
		x509.ExtKeyUsageClientAuth:      {"TLS_WEB_CLIENT_AUTHENTICATION", "1.3.6.1.5.5.7.3.2"},
		x509.ExtKeyUsageCodeSigning:     {"CODE_SIGNING", "1.3.6.1.5.5.7.3.3"},
		x509.ExtKeyUsageEmailProtection: {"EMAIL_PROTECTION", "1.3.6.1.5.5.7.3.4"},
		x509.ExtKeyUsageIPSECEndSystem:  {"IPSEC_END_SYSTEM", "1.3.6.1.5.5.7.3.5"},
		x509.ExtKeyUsageIPSECTunnel:     {"IPSEC_TUNNEL", "1.3.6.1.5.5.7.3.6"},
		x509.ExtKeyUsageIPSECUser:       {"IPSEC_USER", "1.3.6.1.5.5.7.3.7"},
		x509.ExtKeyUsageTimeStamping:    {"TIME_STAMPING", "1.3.6.1.5.5.7.3.8"},
		x509.ExtKeyUsageOCSPSigning:     {"OCSP_SIGNING", "1.3.6.1.5.5.7.3.9"},
	}
	var out []extendedUsage
	for _, u := range c.ExtKeyUsage {
		if e, ok := known[u]; ok {
			out = append(out, e)
		} else {
			out = append(out, extendedUsage{Name: "CUSTOM"})
		}
	}
	for _, oid := range c.UnknownExtKeyUsage {
		out = append(out, extendedUsage{"CUSTOM", oid.String()})
	}
	if len(out) == 0 {
		return []extendedUsage{{Name: "NONE"}}
	}
	return out
}

// algorithmOf gives AWS's name of a public key's algorithm, or an error for one that cannot be imported.
func algorithmOf(public any) (string, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if n := key.N.BitLen(); n != 1024 && n != 2048 && n != 3072 && n != 4096 {
			return "", invalid("The private key length %d is not supported for key algorithm.", n)
		}
		return fmt.Sprintf("RSA_%d", key.N.BitLen()), nil
	case *ecdsa.PublicKey:
		switch key.Curve.Params().Name {
		case "P-256":
			return "EC_prime256v1", nil
		case "P-384":
			return "EC_secp384r1", nil
		case "P-521":
			return "EC_secp521r1", nil
		}
		return "", invalid("The private key length %d is not supported for key algorithm.", key.Curve.Params().BitSize)
	}
	return "", invalid("The private key is not supported.")
}

// namesOf gives the domain name of a certificate and its alternative names. A common name that is no domain name, such as an
// address, is not taken, and one that is not among the alternative names is not added to them.
func namesOf(c *x509.Certificate) (string, []string) {
	names := []string{}
	for _, name := range c.DNSNames {
		if name = strings.ToLower(name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if cn := c.Subject.CommonName; net.ParseIP(cn) == nil && domainNames.MatchString(cn) {
		return strings.ToLower(cn), names
	}
	if len(names) > 0 {
		return names[0], names
	}
	return "", names
}
