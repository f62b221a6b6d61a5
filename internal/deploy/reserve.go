package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"atoll/internal/hint"
	"atoll/internal/terraform"
)

// reserveSize is how much of the disk is kept for the state while Terraform works, in bytes. An environment's state has about 200 KB.
const reserveSize = 4 << 20

// erroredState is where Terraform puts a state that it could not write to its place.
const erroredState = "errored.tfstate"

// stateFile gives the path of the state; empty where it lies in a backend elsewhere.
func (s *Session) stateFile() string {
	switch {
	case s.c.Target == Local:
		return filepath.Join(s.space.Dir, "terraform.tfstate")
	case s.state != "":
		return filepath.Join(s.space.Dir, s.state)
	}
	return ""
}

// keepingState runs Terraform so that a full disk does not cost the state, which would leave what was made without an owner: Terraform
// writes the state's file in place, and if it cannot end that, it tells the state by its stream. What it told goes into a file whose space was taken
// before, and which then takes the state's place.
func (s *Session) keepingState(on func(terraform.Message), run func(on func(terraform.Message)) error) error {
	path := s.stateFile()
	if path == "" {
		return run(on)
	}
	reserve, err := takeReserve(path + ".reserve")
	if err != nil {
		return hint.Errorf("free space on that disk, and run the same again; nothing was changed", "keeping space for Terraform's state: %w", err)
	}
	defer func() {
		_ = reserve.Close()
		_ = os.Remove(reserve.Name()) // it is not there any more if it became the state
	}()
	var told json.RawMessage
	err = run(func(m terraform.Message) {
		if len(m.State) > 0 {
			told = bytes.Clone(m.State)
		}
		on(m)
	})
	elsewhere := filepath.Join(s.space.Dir, erroredState)
	if told == nil && err != nil {
		if whole, readErr := os.ReadFile(elsewhere); readErr == nil && json.Valid(whole) {
			told = whole // there was space again in between
		}
	}
	if told == nil {
		return err
	}
	if saveErr := putReserve(reserve, told, path); saveErr != nil {
		return errors.Join(err, fmt.Errorf("keeping Terraform's state: %w", saveErr))
	}
	_ = os.Remove(elsewhere)
	failure, ok := errors.AsType[*terraform.Failure](err)
	if !ok || errors.Is(err, context.Canceled) {
		return err
	}
	text := ""
	if more := withoutState(failure); len(more.Diagnostics) > 0 {
		text = "\n" + more.Error()
	}
	return hint.Errorf("free space on the disk with "+filepath.Dir(path)+", and run the same again: it carries on where this ended",
		"terraform %s could not write its state: the disk is full. The state is kept all the same, and knows all that was made.%s", failure.Operation, text)
}

// withoutState leaves out of a failure what Terraform says of its vain attempts to write the state.
func withoutState(failure *terraform.Failure) *terraform.Failure {
	more := &terraform.Failure{Operation: failure.Operation}
	for _, d := range failure.Diagnostics {
		switch d.Summary {
		case "Failed to write state", "Failed to save state", "Failed to create local state file", "Failed to persist state to backend":
		default:
			more.Diagnostics = append(more.Diagnostics, d)
		}
	}
	return more
}

// takeReserve makes a file that has its space.
func takeReserve(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) // a state holds secrets
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(make([]byte, reserveSize)); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// putReserve makes content of the reserve's file, and that the file of a path.
func putReserve(f *os.File, content []byte, path string) error {
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(int64(len(content))), f.Sync()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
