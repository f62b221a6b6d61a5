// Package expression is CloudWatch's metric math: expressions over time series.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
//
// It has the operators, arrays, and the functions that need nothing but the series themselves. Those that look metrics up or hold
// them against a model (SEARCH, ANOMALY_DETECTION_BAND, Metrics Insights queries and the like) are Unsupported.
package expression
