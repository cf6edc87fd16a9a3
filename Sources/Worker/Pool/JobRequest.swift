package import Wire

/// One execution, as it is handed to a pool child: the message as it came, and what
/// the worker knows of the task.
package struct JobRequest: Sendable {
    /// Names the job between worker and child.
    package var tag: Int64
    package var attempt: Int
    /// The message with its body still encoded.
    package var message: EncodedMessage
    package var taskName: String
    package var taskID: String
    /// The program to run; `nil` for a task of the Swift program itself.
    package var program: String?
    /// Seconds; `nil` for no limit.
    package var softTimeLimit: Double?
    /// Seconds; `nil` for no limit.
    package var hardTimeLimit: Double?
    /// Bytes of stdout kept as the return value.
    package var maxOutputBytes: Int
    /// Seconds to wait before the next try, when the task does not say.
    package var retryDelay: Double
    /// Whether it may be tried again when it asks for that.
    package var mayRetry: Bool

    /// Not to be begun after this time, in seconds since the epoch.
    package var expires: Double?

    package init(
        tag: Int64, attempt: Int, message: EncodedMessage, taskName: String, taskID: String, program: String?,
        softTimeLimit: Double?, hardTimeLimit: Double?, maxOutputBytes: Int, retryDelay: Double, mayRetry: Bool
    ) {
        self.tag = tag
        self.attempt = attempt
        self.message = message
        self.taskName = taskName
        self.taskID = taskID
        self.program = program
        self.softTimeLimit = softTimeLimit
        self.hardTimeLimit = hardTimeLimit
        self.maxOutputBytes = maxOutputBytes
        self.retryDelay = retryDelay
        self.mayRetry = mayRetry
    }

    func write(to writer: inout ByteWriter) {
        writer.write(tag)
        writer.write(attempt)
        message.write(to: &writer)
        writer.write(taskName)
        writer.write(taskID)
        writer.write(program)
        writer.write(softTimeLimit)
        writer.write(hardTimeLimit)
        writer.write(maxOutputBytes)
        writer.write(retryDelay)
        writer.write(mayRetry)
        writer.write(expires)
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        tag = try reader.readInt64()
        attempt = try reader.readInt()
        message = try EncodedMessage(from: &reader)
        taskName = try reader.readString()
        taskID = try reader.readString()
        program = try reader.readOptional { (reader) throws(FrameError) in try reader.readString() }
        softTimeLimit = try reader.readOptional { (reader) throws(FrameError) in try reader.readDouble() }
        hardTimeLimit = try reader.readOptional { (reader) throws(FrameError) in try reader.readDouble() }
        maxOutputBytes = try reader.readInt()
        retryDelay = try reader.readDouble()
        mayRetry = try reader.readBool()
        expires = try reader.readOptional { (reader) throws(FrameError) in try reader.readDouble() }
    }
}

extension EncodedMessage {
    func write(to writer: inout ByteWriter) {
        writer.write(queue)
        writer.write(headers)
        writer.write(properties)
        writer.write(body)
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        self.init(
            queue: try reader.readString(), headers: try reader.readBytes(),
            properties: try reader.readOptional { (reader) throws(FrameError) in try reader.readBytes() },
            body: try reader.readBytes())
    }
}
