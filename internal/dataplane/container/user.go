package container

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// identity is whom a program runs as.
type identity struct {
	UID, GID uint32
	Groups   []uint32
	Home     string
}

// lookUp finds a user as images name it, USER[:GROUP] with names or numbers, by the files of its root file system.
func lookUp(root, user string) (identity, error) {
	files, err := os.OpenRoot(root)
	if err != nil {
		return identity{}, err
	}
	defer files.Close()
	name, group, hasGroup := strings.Cut(user, ":")
	if name == "" {
		name = "0"
	}
	out := identity{Home: "/"}
	found := false
	uid, numeric := number(name)
	err = lines(files, "etc/passwd", func(f []string) { // name:password:UID:GID:comment:home:shell
		if len(f) < 6 || found || f[0] != name && (!numeric || f[2] != name) {
			return
		}
		u, okUser := number(f[2])
		g, okGroup := number(f[3])
		if okUser && okGroup {
			found, out.UID, out.GID, out.Home, name = true, u, g, f[5], f[0]
		}
	})
	if err != nil {
		return out, err
	}
	switch {
	case !found && !numeric:
		return out, &StartError{fmt.Sprintf("unable to find user %s: no matching entries in passwd file", name)}
	case !found:
		out.UID = uid
	}
	gid, groupNumeric := number(group)
	groupFound := false
	err = lines(files, "etc/group", func(f []string) { // name:password:GID:members
		if len(f) < 4 {
			return
		}
		g, ok := number(f[2])
		switch {
		case !ok:
		case hasGroup && (f[0] == group || groupNumeric && g == gid):
			out.GID, groupFound = g, true
		case !hasGroup && found:
			for member := range strings.SplitSeq(f[3], ",") {
				if member == name {
					out.Groups = append(out.Groups, g)
				}
			}
		}
	})
	if err != nil {
		return out, err
	}
	if hasGroup && !groupFound {
		if !groupNumeric {
			return out, &StartError{fmt.Sprintf("unable to find group %s: no matching entries in group file", group)}
		}
		out.GID = gid
	}
	return out, nil
}

func number(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// lines calls f with the fields of each line of a file such as /etc/passwd; there need be none.
func lines(files *os.Root, name string, f func(fields []string)) error {
	file, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	for s.Scan() {
		f(strings.Split(s.Text(), ":"))
	}
	return s.Err()
}
