// Package sns is Amazon SNS: topics, their policies and subscriptions, and the delivery of messages.
// https://docs.aws.amazon.com/sns/latest/api/
//
// Messages wait in the store until they are delivered, so a restart loses none. HTTP and HTTPS endpoints are called for real: with the
// confirmation handshake, signed messages, and retries by the delivery policy.
//
// What differs from AWS:
//   - Emails and text messages are not sent: each is written to the cloud's log as a line of level info, and so is the link that
//     confirms an email subscription. Text messages need no sandbox and no opt-in.
//   - Messages are signed with a key of this cloud. Its certificate is served by the cloud, at the URL that messages give, so a client
//     that insists on a host of AWS's does not accept it. A URL in a message has the host by which the subscriber addressed the cloud.
//   - Subscriptions of SQS, Lambda, Firehose and mobile push are refused, and so are redrive and replay policies, archive policies and
//     data protection policies. FIFO topics therefore have no subscriptions; publishing to them gives sequence numbers and leaves out
//     duplicates.
//   - Delivery status logging (the ...Feedback attributes) is stored and shown, but nothing is logged. So is TracingConfig.
//   - The KMS key of a topic must exist and be enabled when a message is published. Its key policy is not asked whether a service may
//     use it, and messages are not encrypted one by one: all of the cloud's state is in one file that only its owner can read.
//   - Filter policies act at once. The operators are those of EventBridge without wildcards.
//   - Delays between retries have no jitter. The backoff functions follow the names of their curves, whose formulas AWS does not give.
//   - Principals in a topic's policy are checked where they are roles or accounts; users are not.
package sns
