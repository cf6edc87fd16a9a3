import Dispatch
import Glibc
import Synchronization

/// The only inotify(7) instance of this process, for all watched files and folders.
///
/// The kernel allows each user 128 instances by default, and many of our processes may run.
package final class FileWatcher: Sendable {
    package static let shared = FileWatcher()

    /// A file or folder watched by one caller of `add`.
    package struct Registration: Sendable {
        fileprivate let file: Int32
        fileprivate let number: UInt64
    }

    private struct State {
        /// -1 before the first file, and when the kernel refuses an instance.
        var descriptor: Int32 = -1
        var source: (any DispatchSourceRead)?
        /// What to call, by watch descriptor and registration number.
        var calls: [Int32: [UInt64: @Sendable () -> Void]] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "celery.watch")

    /// Makes a call whenever one of these events happens to a file, or in a folder. Links are followed.
    ///
    /// - Parameters:
    ///   - events: inotify events, such as `IN_ATTRIB`.
    ///   - onChange: Called on the thread of the watcher; it must not block. Several events may cause one call.
    /// - Returns: `nil` when the file does not exist, or the kernel allows no more watches.
    package func add(_ path: String, _ events: UInt32, _ onChange: @escaping @Sendable () -> Void) -> Registration? {
        state.withLock { state in
            if state.descriptor < 0 { open(&state) }
            // Add to the events already watched on this file.
            let file = inotify_add_watch(state.descriptor, path, events | UInt32(IN_MASK_ADD))
            guard file >= 0 else { return nil }
            state.lastNumber += 1
            state.calls[file, default: [:]][state.lastNumber] = onChange
            return Registration(file: file, number: state.lastNumber)
        }
    }

    /// Stops the calls for one registration; one that has begun may still be running.
    package func remove(_ registration: Registration) {
        state.withLock { state in
            guard state.calls[registration.file]?.removeValue(forKey: registration.number) != nil,
                state.calls[registration.file]?.isEmpty == true
            else { return }
            state.calls[registration.file] = nil
            inotify_rm_watch(state.descriptor, registration.file)
        }
    }

    private func open(_ state: inout State) {
        state.descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard state.descriptor >= 0 else { return }
        let source = DispatchSource.makeReadSource(fileDescriptor: state.descriptor, queue: queue)
        source.setEventHandler { [descriptor = state.descriptor] in self.tell(descriptor) }
        source.activate()
        state.source = source
    }

    /// Makes the calls of the changed files.
    private func tell(_ descriptor: Int32) {
        var bytes = [UInt8](repeating: 0, count: 16_384)
        var files = Set<Int32>()
        while case let count = read(descriptor, &bytes, bytes.count), count > 0 {
            var offset = 0
            while offset + MemoryLayout<inotify_event>.size <= count {
                let event = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
                files.insert(event.wd)
                offset += MemoryLayout<inotify_event>.size + Int(event.len)
            }
        }
        let calls = state.withLock { state -> [@Sendable () -> Void] in
            // -1: the kernel's queue has overflowed.
            files.contains(-1) ? state.calls.values.flatMap(\.values) : files.flatMap { state.calls[$0].map { Array($0.values) } ?? [] }
        }
        for call in calls { call() }
    }
}
