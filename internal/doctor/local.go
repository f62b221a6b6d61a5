package doctor

import (
	"context"
	"errors"
	"net"
	"os"

	"atoll/internal/hint"
)

func (d *doctor) checkCache(context.Context) Check {
	return writable("cache", d.CacheDir, "set ATOLL_CACHE_DIR to a folder that you may write")
}

func (d *doctor) checkData(context.Context) Check {
	if d.DataDir == "" {
		return Check{}
	}
	return writable("data", d.DataDir, "give yourself the right to write there")
}

// writable makes a file in a folder, which it makes if need be, and removes the file again.
func writable(name, dir, try string) Check {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(dir, ".doctor-*"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return fail(name, hint.Errorf(try, "%s is not writable: %w", dir, err))
	}
	return ok(name, dir+" is writable")
}

// checkPort takes the port for a moment.
func (d *doctor) checkPort(ctx context.Context) Check {
	const name = "port"
	address := d.Address
	if address == "" {
		address = "127.0.0.1:0"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return warn(name, err.Error(), "stop the program that has the port, unless it is a local cloud of yours, or choose another one")
	}
	if err := listener.Close(); err != nil {
		return fail(name, err)
	}
	if d.Address == "" {
		return ok(name, "127.0.0.1 has free ports")
	}
	return ok(name, address+" is free")
}
