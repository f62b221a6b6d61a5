// Package pattern is CloudWatch Logs' filter pattern language, which FilterLogEvents and metric filters share: terms, JSON
// conditions, space-delimited fields and %regular expressions%.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
package pattern
