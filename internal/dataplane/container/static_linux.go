package container

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"slices"
)

// initTarget is where a container finds its process 1.
const initTarget = "/.container-init"

// withInit has a container's program run below a process 1: this executable where it needs no libraries, else one that is installed.
func withInit(s *Spec) error {
	command := func(path string, args ...string) {
		s.Mounts = append(slices.Clone(s.Mounts), Mount{Source: path, Target: initTarget, ReadOnly: true})
		s.Args = slices.Concat([]string{initTarget}, args, s.Args)
	}
	own, err := os.Executable()
	if err == nil && static(own) {
		command(own, InitCommand)
		return nil
	}
	for _, name := range []string{"catatonit", "tini", "docker-init"} {
		if path, err := exec.LookPath(name); err == nil && static(path) {
			command(path, "--")
			return nil
		}
	}
	return &StartError{fmt.Sprintf("an init process is asked for, and there is none: %s is not linked statically, and neither catatonit nor tini is installed", own)}
}

// static reports whether a program needs no dynamic linker.
func static(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}
