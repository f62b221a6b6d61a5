// Package image makes root file systems of container images.
//
// A Puller finds the image that a reference names, a Source gives its manifests and blobs, and a Store unpacks it once into a
// directory that many containers share, read only. Writable puts a container's own changes over such a directory: by overlayfs where
// that may be mounted, else in a copy.
//
// What is read is checked: manifests, configurations and layers must have the digests under which they were asked for. Layers are unpacked
// through os.Root, so that no name in them, and no symbolic link that they make, leads out of the directory.
//
// What differs from what containerd does with an image:
//   - Device nodes and FIFOs in layers are passed over.
//   - Owners and extended attributes are kept when the process runs as root, and dropped otherwise.
//   - Layers are gzip, zstd or plain; foreign layers and encrypted ones are refused.
//   - Layers that images share are unpacked for each.
package image
