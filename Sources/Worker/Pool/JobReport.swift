package import CeleryCore

/// The outcome of an execution, as the pool child reports it.
package struct JobReport: Sendable {
    package var tag: Int64
    package var ending: Ending
    /// Run time in seconds.
    package var duration: Double
    /// The end of a program's standard error.
    package var errorOutput: String?
    /// The end of a program's standard output, unless it succeeded.
    package var standardOutput: String?
    /// What the task wrote, as an encoded `TaskOutput`; `nil` if nothing, or if it is not kept.
    package var output: [UInt8]?
    /// What the task noted about itself.
    package var meta = JSONObject()
    /// Whether the program could not be started. The child itself uses this; it is not sent.
    var isUnbegun = false
    /// The next steps of the task's workflow.
    package var next = WorkflowSteps()

    /// How the execution ended.
    package enum Ending: Sendable, Equatable {
        case success(JSON)
        case failure(TaskFailure, traceback: String?)
        /// The task is to be retried after a delay in seconds.
        case retry(delay: Double, TaskFailure, traceback: String?)
        /// The task expired before it began, or was terminated with a signal.
        case revoked(TaskFailure, signal: Int32?)
    }

    /// Whether the task expired before it began.
    var isExpired: Bool { if case .revoked(_, signal: nil) = ending { true } else { false } }

    package init(tag: Int64, ending: Ending, duration: Double, errorOutput: String? = nil) {
        self.tag = tag
        self.ending = ending
        self.duration = duration
        self.errorOutput = errorOutput
    }

    func write(to writer: inout ByteWriter) {
        writer.write(tag)
        switch ending {
        case .success(let value):
            writer.write(UInt8(0))
            writer.write(value.bytes(style: .python))
        case .failure(let failure, let traceback):
            writer.write(UInt8(1))
            Self.write(failure, traceback, to: &writer)
        case .retry(let delay, let failure, let traceback):
            writer.write(UInt8(2))
            writer.write(delay)
            Self.write(failure, traceback, to: &writer)
        case .revoked(let failure, let signal):
            writer.write(UInt8(3))
            Self.write(failure, nil, to: &writer)
            writer.write(signal.map(Int.init))
        }
        writer.write(duration)
        writer.write(errorOutput)
        writer.write(standardOutput)
        writer.write(output)
        writer.write(meta.isEmpty ? nil : JSON.object(meta).bytes())
        next.write(to: &writer)
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        tag = try reader.readInt64()
        switch try reader.readByte() {
        case 0: ending = .success(try Self.readJSON(&reader))
        case 1:
            let (failure, traceback) = try Self.readFailure(&reader)
            ending = .failure(failure, traceback: traceback)
        case 2:
            let delay = try reader.readDouble()
            let (failure, traceback) = try Self.readFailure(&reader)
            ending = .retry(delay: delay, failure, traceback: traceback)
        case 3:
            let (failure, _) = try Self.readFailure(&reader)
            let signal = try reader.readOptional { (reader) throws(FrameError) in try reader.readInt() }
            ending = .revoked(failure, signal: signal.map { Int32(truncatingIfNeeded: $0) })
        default: throw FrameError()
        }
        duration = try reader.readDouble()
        errorOutput = try reader.readOptional { (reader) throws(FrameError) in try reader.readString() }
        standardOutput = try reader.readOptional { (reader) throws(FrameError) in try reader.readString() }
        output = try reader.readOptional { (reader) throws(FrameError) in try reader.readBytes() }
        if let bytes = try reader.readOptional({ (reader) throws(FrameError) in try reader.readBytes() }) {
            guard let object = (try? JSON(parsing: bytes))?.objectValue else { throw FrameError() }
            meta = object
        }
        next = try WorkflowSteps(from: &reader)
    }

    private static func write(_ failure: TaskFailure, _ traceback: String?, to writer: inout ByteWriter) {
        writer.write(failure.type)
        writer.write(failure.module)
        writer.write(JSON.array(failure.arguments).bytes(style: .python))
        writer.write(traceback)
    }

    private static func readFailure(_ reader: inout ByteReader) throws(FrameError) -> (TaskFailure, String?) {
        let type = try reader.readString()
        let module = try reader.readString()
        let arguments = try readJSON(&reader).arrayValue ?? []
        let traceback = try reader.readOptional { (reader) throws(FrameError) in try reader.readString() }
        return (TaskFailure(type: type, arguments: arguments, module: module), traceback)
    }

    private static func readJSON(_ reader: inout ByteReader) throws(FrameError) -> JSON {
        let bytes = try reader.readBytes()
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw FrameError()
        }
    }
}
