// Package tagging is the Resource Groups Tagging API: resources of all services by their tags.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/overview.html
//
// It reads the tags that the services keep in the store, under the ARNs of their records, so that it knows each taggable resource
// without knowing its service. A resource shows while it has tags, and after it lost them, as on AWS. Resources of global services
// show in us-east-1 alone, buckets in their own region.
//
// What differs from AWS:
//   - Tags are written at once and checked by the rules that all services share; the caller needs no permission of the resource's own
//     service beside that of this API.
//   - Tag policies, their compliance details and reports are refused: they belong to organizations.
//   - A resource type filter that names no resource type of AWS finds nothing.
package tagging
