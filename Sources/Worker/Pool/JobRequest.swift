package import CeleryCore
package import Tasks

/// A request to a pool child to execute a job: the message as received, and the worker's settings for the task.
package struct JobRequest: Sendable {
    /// Identifies the job between worker and child.
    package var tag: Int64
    package var attempt: Int
    /// The broker's number of the delivery, for the flight record; 0 for brokers that do not need it there.
    package var deliveryTag: Int64 = 0
    /// The message with its body still encoded.
    package var message: EncodedMessage
    package var taskName: String
    package var taskID: String
    /// The program to run; `nil` for a Swift task.
    package var program: String?
    /// The state of the program's file for which this request was made; `nil` runs the file in any state.
    package var fileMark: FileMark?
    /// The conditions for running the command that the message names; `nil` for other tasks.
    package var command: CommandPolicy?
    /// The URL to call; `nil` for other tasks. Never sent to a child.
    package var http: HTTPTask?
    /// `message` as the worker has read it, for a job that it runs itself. Never sent to a child.
    package var decoded: Message?
    /// Seconds; `nil` for no limit.
    package var softTimeLimit: Double?
    /// Seconds; `nil` for no limit.
    package var hardTimeLimit: Double?
    /// Maximum number of bytes of standard output that become the return value.
    package var maxOutputBytes: Int
    /// Bytes of each standard stream that are kept for `celery logs`; 0 keeps nothing.
    package var keptOutputBytes = 0
    /// Bytes of lines that the task may add to the worker's log.
    package var logBytes = Int.max
    /// Whether and when the task is retried.
    package var retry: RetryPlan
    /// Memory limit in bytes above which the task is killed; `nil` for no limit.
    package var memoryLimit: Int?

    /// The merged options of message and task that the child implements.
    package var said = OptionValues()

    /// The time after which the task must not start, in seconds since the epoch.
    package var expires: Double?

    package init(
        tag: Int64, attempt: Int, message: EncodedMessage, taskName: String, taskID: String, program: String?,
        softTimeLimit: Double?, hardTimeLimit: Double?, maxOutputBytes: Int, retry: RetryPlan,
        memoryLimit: Int? = nil
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
        self.retry = retry
        self.memoryLimit = memoryLimit
    }

    func write(to writer: inout ByteWriter) {
        writer.write(tag)
        writer.write(attempt)
        writer.write(deliveryTag)
        message.write(to: &writer)
        writer.write(taskName)
        writer.write(taskID)
        writer.write(program)
        writer.write(fileMark) { $1.write(to: &$0) }
        writer.write(softTimeLimit)
        writer.write(hardTimeLimit)
        writer.write(maxOutputBytes)
        writer.write(keptOutputBytes)
        writer.write(logBytes)
        retry.write(to: &writer)
        writer.write(memoryLimit)
        writer.write(expires)
        writer.write(command.map { $0.json.bytes() })
        writer.write(said.isEmpty ? nil : JSON.object(said.json).bytes())
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        tag = try reader.readInt64()
        attempt = try reader.readInt()
        deliveryTag = try reader.readInt64()
        message = try EncodedMessage(from: &reader)
        taskName = try reader.readString()
        taskID = try reader.readString()
        program = try reader.readOptional { (reader) throws(FrameError) in try reader.readString() }
        fileMark = try reader.readOptional { (reader) throws(FrameError) in try FileMark(from: &reader) }
        softTimeLimit = try reader.readOptional { (reader) throws(FrameError) in try reader.readDouble() }
        hardTimeLimit = try reader.readOptional { (reader) throws(FrameError) in try reader.readDouble() }
        maxOutputBytes = try reader.readInt()
        keptOutputBytes = try reader.readCount()
        logBytes = try reader.readCount()
        retry = try RetryPlan(from: &reader)
        memoryLimit = try reader.readOptional { (reader) throws(FrameError) in try reader.readInt() }
        expires = try reader.readOptional { (reader) throws(FrameError) in try reader.readDouble() }
        if let bytes = try reader.readOptional({ (reader) throws(FrameError) in try reader.readBytes() }) {
            guard let json = try? JSON(parsing: bytes), let policy = CommandPolicy(json) else { throw FrameError() }
            command = policy
        }
        guard let bytes = try reader.readOptional({ (reader) throws(FrameError) in try reader.readBytes() }) else { return }
        guard let object = (try? JSON(parsing: bytes))?.objectValue else { throw FrameError() }
        said = OptionValues(json: object)
    }
}

extension JobRequest {
    /// Whether a program runs in a process of its own, which the child watches; else the child itself is the task.
    var isProgram: Bool { program != nil || command != nil }

    /// Whether the program's file has changed since the request was made, so that the worker must read it first.
    var isOutdated: Bool {
        guard let fileMark, let program else { return false }
        return FileMark(program) != fileMark
    }
}

extension FileMark {
    func write(to writer: inout ByteWriter) {
        for number in [size, Int64(mode), Int64(user), Int64(group), modified, changed] { writer.write(number) }
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        func number() throws(FrameError) -> UInt32 { UInt32(truncatingIfNeeded: try reader.readInt64()) }
        self.init(
            size: try reader.readInt64(), mode: try number(), user: try number(), group: try number(),
            modified: try reader.readInt64(), changed: try reader.readInt64())
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
