package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"atoll/internal/config"
	"atoll/internal/terraform"
	"atoll/internal/ui"
)

// Target is where an environment stands.
type Target string

// The targets.
const (
	Local Target = "local"
	AWS   Target = "aws"
)

// Config says what to work on, and how.
type Config struct {
	Project     config.Project
	Environment config.Environment
	Target      Target
	Engine      terraform.Engine
	Settings    []string // environment variables that point the provider at the target, as "A=b"
	Work        string   // local: folder for the copy of the project
	Faithful    bool     // local: keep the provider's waits
	Parallelism int      // resources at once; 0 takes the target's default
	Progress    *ui.Progress
}

// Session is an environment that is ready for Terraform.
type Session struct {
	c     Config
	space terraform.Workspace
	state string // of a local backend in the project's own folder; "" elsewhere
}

// Parallelism at the targets: the local cloud answers at once, so that waits should not queue; AWS throttles its APIs.
const (
	localParallelism = 40
	awsParallelism   = 20
)

var backendBlock = regexp.MustCompile(`(?m)^\s*(backend\s+"|cloud\s*\{)`)

// Open prepares the environment's folder: the copy, if there is to be one, and terraform init.
func Open(ctx context.Context, c Config) (*Session, error) {
	s := &Session{c: c}
	s.space = terraform.Workspace{Engine: c.Engine, Env: slices.Clone(c.Settings)}
	var initArgs []string
	switch c.Target {
	case Local:
		s.space.Dir = filepath.Join(c.Work, "environment")
		if !c.Faithful {
			// With these two the provider's waits take no time between their looks. They are a hook of its tests, in every build of it.
			s.space.Env = append(s.space.Env, "VCR_MODE=REPLAY_ONLY", "VCR_PATH="+c.Work)
		}
	case AWS:
		s.space.Dir = c.Project.Dir()
		s.space.Env = append(s.space.Env, "TF_DATA_DIR="+filepath.Join(c.Project.Root, ".atoll", "aws", c.Environment.Name))
		if backend := c.Environment.Name + ".s3.tfbackend"; exists(filepath.Join(s.space.Dir, backend)) {
			initArgs = append(initArgs, "-reconfigure", "-backend-config="+backend)
		} else if !hasBackend(s.space.Dir) {
			// Where 'terraform workspace select NAME' looks for it.
			s.state = filepath.Join("terraform.tfstate.d", c.Environment.Name, "terraform.tfstate")
		}
	}
	return s, s.step("prepare", func() (string, error) {
		if c.Target == Local {
			if err := mirror(c.Project.Root, c.Work); err != nil {
				return "", err
			}
		}
		return c.Engine.Name + " " + c.Engine.Version, s.init(ctx, initArgs)
	})
}

// Set gives a variable of the root module a value for the runs that follow. The tfvars file must not set it.
func (s *Session) Set(variable, value string) {
	s.space.Env = append(s.space.Env, "TF_VAR_"+variable+"="+value)
}

// initMark is the file in Terraform's data folder that holds the hash of what the last init was for.
const initMark = "atoll-init"

// init runs terraform init where something that it depends on has changed since the last time.
func (s *Session) init(ctx context.Context, args []string) error {
	data := filepath.Join(s.space.Dir, ".terraform")
	for _, e := range s.space.Env {
		if dir, ok := strings.CutPrefix(e, "TF_DATA_DIR="); ok {
			data = dir
		}
	}
	want, err := fingerprint(filepath.Dir(s.space.Dir), append(slices.Clone(args), s.space.Env...))
	if err != nil {
		return err
	}
	mark := filepath.Join(data, initMark)
	if have, err := os.ReadFile(mark); err == nil && string(have) == want && exists(filepath.Join(s.space.Dir, ".terraform.lock.hcl")) {
		return nil
	}
	if err := s.space.Init(ctx, args...); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte(want), 0o644)
}

// fingerprint hashes the Terraform files of a folder and the settings.
func fingerprint(dir string, settings []string) (string, error) {
	h := sha256.New()
	for _, s := range settings {
		if strings.HasPrefix(s, "TF_") && !strings.HasPrefix(s, "TF_VAR_") || strings.HasPrefix(s, "-") {
			fmt.Fprintln(h, s)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".terraform" || d.Name() == ".atoll" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".tf" && !strings.HasSuffix(path, ".tfbackend") {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		fmt.Fprintln(h, path)
		_, err = io.Copy(h, f)
		return errors.Join(err, f.Close())
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// options are those of a run of Terraform in this session.
func (s *Session) options() terraform.Options {
	o := terraform.Options{VarFile: filepath.Base(s.c.Environment.File), State: s.state, Parallelism: s.c.Parallelism}
	if o.Parallelism == 0 {
		o.Parallelism = awsParallelism
		if s.c.Target == Local {
			o.Parallelism = localParallelism
		}
	}
	return o
}

// step runs one named step and shows it.
func (s *Session) step(name string, f func() (note string, err error)) error {
	return Step(s.c.Progress, name, f)
}

// Step runs a step under its name: it is shown while it runs and when it is done, with the note that it gives.
func Step(p *ui.Progress, name string, f func() (note string, err error)) error {
	p.Begin(name, name)
	began := time.Now()
	note, err := f()
	p.End(name)
	if err != nil {
		p.Failed(name, time.Since(began))
		return err
	}
	p.Done(name, time.Since(began), note)
	return nil
}
