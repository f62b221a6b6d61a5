// Package deploy takes an environment through its life: plan, up, destroy, output, each an ordered list of named steps over plain
// Terraform. It knows two targets, which differ in where Terraform runs and with which settings, and in nothing else:
//
//   - local: the local cloud. Terraform runs in a copy of the project's folder, so that the rehearsal's state, its lock file and its
//     backend stay apart from those of the real environment. The copy is made anew from the project's files at each run.
//   - aws: whatever the AWS settings of the shell name. Terraform runs in the project's folder itself.
package deploy
