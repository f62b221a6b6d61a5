// Package cloud is the local AWS: one HTTP handler in front of all services, over one durable store in one directory.
//
// Open gives a Cloud that answers AWS calls signed with the keys of its accounts. A Cloud has no port of its own: package
// daemon serves it, tests put it behind httptest.
package cloud
