// Package datachannel is the protocol between a client of AWS Systems Manager's Session Manager and the agent at the other end: what goes
// over the WebSocket behind the streamUrl of ECS's ExecuteCommand. It has both sides: the one that types (Dial) and the one that runs a command (Serve).
//
// A client opens the channel with its token, in JSON. From then on both send messages in a binary form (Message): input_stream_data from
// the client, output_stream_data to it, each acknowledged by its receiver and sent again until it is; what they carry is told by the payload's kind.
// The agent begins with a handshake, in which it says which kind of session it is, and has the client make a data key of KMS's where the session is
// to be encrypted: then the data of both sides are, by AES-GCM. The service ends the channel with channel_closed.
//
// There is no specification but the source of AWS's own client: https://github.com/aws/session-manager-plugin
//
// What differs from AWS:
//   - A session ends with its connection; it cannot be resumed. There is no time-out for idle sessions; AWS's is 20 minutes.
//   - channel_closed has the command's exit code. AWS does not tell that of interactive commands; its own client does not look at it.
package datachannel
