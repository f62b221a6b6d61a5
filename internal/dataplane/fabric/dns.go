package fabric

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameTTL is how long, in seconds, a name of the virtual network may be remembered: RDS's endpoints have 5.
const nameTTL = 5

// lookupTime bounds a question to the machine's name servers.
const lookupTime = 5 * time.Second

// answer answers a DNS message that an interface has sent; nil for one that is not to be answered.
func (f *Fabric) answer(ctx context.Context, iface string, message []byte, network string) []byte {
	var p dnsmessage.Parser
	header, err := p.Start(message)
	if err != nil || header.Response {
		return nil
	}
	question, err := p.Question()
	if err != nil {
		return reply(header, nil, dnsmessage.RCodeFormatError, nil)
	}
	if f.config.Names != nil {
		name := strings.ToLower(strings.TrimSuffix(question.Name.String(), "."))
		if addrs, known := f.config.Names.Resolve(ctx, iface, name); known {
			var records []dnsmessage.Resource
			for _, a := range addrs {
				if question.Type == dnsmessage.TypeA && a.Is4() {
					records = append(records, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: nameTTL}, Body: &dnsmessage.AResource{A: a.As4()},
					})
				}
			}
			code := dnsmessage.RCodeSuccess
			if len(addrs) == 0 {
				code = dnsmessage.RCodeNameError
			}
			return reply(header, &question, code, records)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	got, err := f.askMachine(ctx, message, network)
	if err != nil {
		f.config.Logger.Debug("asking the machine's name servers", "name", question.Name.String(), "err", err)
		return reply(header, &question, dnsmessage.RCodeServerFailure, nil)
	}
	return got
}

func reply(h dnsmessage.Header, q *dnsmessage.Question, code dnsmessage.RCode, answers []dnsmessage.Resource) []byte {
	m := dnsmessage.Message{
		Header:  dnsmessage.Header{ID: h.ID, Response: true, OpCode: h.OpCode, RecursionDesired: h.RecursionDesired, RecursionAvailable: true, RCode: code},
		Answers: answers,
	}
	if q != nil {
		m.Questions = []dnsmessage.Question{*q}
	}
	b, err := m.Pack()
	if err != nil {
		return nil
	}
	return b
}

// resolvConf is where the machine's name servers stand. https://man7.org/linux/man-pages/man5/resolv.conf.5.html
const resolvConf = "/etc/resolv.conf"

func nameServers() ([]string, error) {
	file, err := os.Open(resolvConf)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var servers []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "nameserver" {
			servers = append(servers, net.JoinHostPort(words[1], "53"))
		}
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("%s names no server", resolvConf)
	}
	return servers, nil
}

// askMachine passes a question on as it is.
func (f *Fabric) askMachine(ctx context.Context, message []byte, network string) ([]byte, error) {
	servers, err := nameServers()
	if err != nil {
		return nil, err
	}
	var last error
	for _, server := range servers {
		got, err := exchange(ctx, network, server, message)
		if err == nil {
			return got, nil
		}
		last = err
	}
	return nil, last
}

func exchange(ctx context.Context, network, server string, message []byte) ([]byte, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline)
	}
	if network == "tcp" {
		if err := writeMessage(c, message); err != nil {
			return nil, err
		}
		return readMessage(c)
	}
	if _, err := c.Write(message); err != nil {
		return nil, err
	}
	buffer := make([]byte, 65535)
	n, err := c.Read(buffer)
	return buffer[:n], err
}

// Over TCP, a message has its length in two bytes before it.

func readMessage(c io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(c, message)
	return message, err
}

func writeMessage(c io.Writer, message []byte) error {
	_, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}
