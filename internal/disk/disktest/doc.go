// Package disktest gives tests small disks, and fills them. It works on Linux, for root.
package disktest
