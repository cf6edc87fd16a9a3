import CeleryCore
import Client
import Glibc
import Processes

/// Writes results, the job log and the bar, on a thread of its own: whoever reads the results may be slow.
actor ItemWriter {
    /// The reader of the results went away.
    struct ReaderGone: Error {}

    private let executor = BlockingExecutor(label: "celery.dmap.output")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let file: OutputFile?
    private let log: JobLog?
    private var bar: ProgressBar

    /// Results written in one call.
    private static let pieceSize = 1 << 16

    /// - Parameter file: `nil` writes to stdout.
    init(file: sending OutputFile?, log: sending JobLog?, bar: ProgressBar) {
        self.file = file
        self.log = log
        self.bar = bar
    }

    /// Writes results, then their lines in the job log. Blocks until they are written.
    ///
    /// A line is logged only after its item was written, so that nothing is lost if this process is killed in between.
    ///
    /// - Throws: `ReaderGone`; `CommandError`. Items before the one that could not be written are logged.
    func write(_ items: [PrintedItem], _ progress: DmapProgress) throws {
        var rest = items[...]
        while !rest.isEmpty {
            var output: [UInt8] = []
            var count = 0
            for item in rest {
                // What comes before an error is written before it.
                if count > 0, output.count + item.output.count > Self.pieceSize || !item.errors.isEmpty { break }
                output += item.output
                count += 1
                if !item.errors.isEmpty { break }
            }
            let piece = rest.prefix(count)
            rest = rest.dropFirst(count)
            if !output.isEmpty || piece.contains(where: { !$0.errors.isEmpty }) { bar.clear() }
            try write(output)
            for item in piece where !item.errors.isEmpty { write(toErrors: item.errors) }
            try log?.append(piece.compactMap(\.line))
        }
        bar.update(progress)
    }

    /// Draws the bar, if it is time.
    func draw(_ progress: DmapProgress) { bar.update(progress) }

    /// Erases the bar.
    func clear() { bar.clear() }

    /// Waits until results and job log are on the disk.
    func sync() {
        file?.sync()
        log?.sync()
    }

    /// Names a new set in the job log.
    func begin(_ set: SetNumbering) throws {
        try log?.begin(set)
        log?.sync()
    }

    private func write(_ bytes: [UInt8]) throws {
        do throws(SystemError) {
            try bytes.withUnsafeBufferPointer { (buffer) throws(SystemError) in
                let bytes = UnsafeRawBufferPointer(buffer)
                if let file { return try file.write(bytes) }
                try Self.write(bytes, to: STDOUT_FILENO)
            }
        } catch {
            if error.code == EPIPE, file == nil { throw ReaderGone() }
            throw CommandError(ExitCode.cannotCreate, "cannot write results: \(SystemError.text(of: error.code))")
        }
    }

    private func write(toErrors bytes: [UInt8]) {
        // Nobody to tell.
        try? bytes.withUnsafeBytes { try Self.write($0, to: STDERR_FILENO) }
    }

    /// The corresponding C function is `write`.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            rest = rest.dropFirst(try Syscall.check("write") { Glibc.write(descriptor, part.baseAddress, part.count) })
        }
    }
}
