package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// superuser owns the server, as on RDS: its name is that of a role and of a database.
const superuser = "rdsadmin"

// connect connects as the superuser by the Unix socket.
func (p *place) connect(ctx context.Context, port int) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig("")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port, config.User, config.Password, config.Database = "127.0.0.1", uint16(port), superuser, "", "postgres"
	config.TLSConfig, config.Fallbacks, config.ConnectTimeout = nil, nil, 10*time.Second
	config.RuntimeParams = map[string]string{"application_name": "rdsadmin"}
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dialSocket(ctx, port) }
	return pgconn.ConnectConfig(ctx, config)
}

// run runs statements as the superuser, and gives the rows of the last one.
func (p *place) run(ctx context.Context, port int, statements string) ([][]string, error) {
	c, err := p.connect(ctx, port)
	if err != nil {
		return nil, fmt.Errorf("connecting to the server: %w", err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	results, err := c.Exec(ctx, statements).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("running SQL: %w", err)
	}
	if len(results) == 0 {
		return nil, nil
	}
	var rows [][]string
	for _, row := range results[len(results)-1].Rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = string(v)
		}
		rows = append(rows, texts)
	}
	return rows, nil
}

// one is run for a single value.
func (p *place) one(ctx context.Context, port int, statements string) (string, error) {
	rows, err := p.run(ctx, port, statements)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0][0], nil
}

const scramRounds = 4096

// scramSecret gives what PostgreSQL keeps of a password. With it in place of the password, no statement carries that one into a log.
// https://www.rfc-editor.org/rfc/rfc5803
func scramSecret(password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramRounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	text := base64.StdEncoding.EncodeToString
	return "SCRAM-SHA-256$" + strconv.Itoa(scramRounds) + ":" + text(salt) + "$" + text(stored[:]) + ":" + text(mac("Server Key")), nil
}
