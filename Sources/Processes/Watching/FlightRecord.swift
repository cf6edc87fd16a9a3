import CLinux
import Glibc

/// What the children of a worker are at, in a file they share: it survives all of them, however they end.
///
/// Each child has a slot of two numbers, the tag and the attempt of the delivery it runs; the tag is negative once that
/// has ended, and 0 before the first.
/// They are written through a shared mapping: no system call, and nothing to be lost but by the machine itself going down.
package final class FlightRecord: Sendable {
    /// Slots there are. A child beyond them writes nothing down.
    package static let slotCount = 4_096
    private static let slotLength = 2 * MemoryLayout<Int64>.size
    private static let length = slotCount * slotLength

    /// What a child had begun.
    package struct Entry: Sendable, Hashable {
        package var tag: Int64
        package var attempt: Int
        /// Whether it had come to its end, which the worker may not have heard of.
        package var hasEnded = false

        package init(tag: Int64, attempt: Int) {
            self.tag = tag
            self.attempt = attempt
        }
    }

    // One child writes to its slot, one store at a time; whoever reads comes after its death.
    private nonisolated(unsafe) let slot: UnsafeMutablePointer<Int64>

    /// Maps the slot of a child.
    ///
    /// - Throws: `SystemError`. The corresponding C function is `mmap`.
    package init(_ file: OwnedDescriptor, slot: Int) throws(SystemError) {
        let memory = mmap(nil, Self.length, PROT_READ | PROT_WRITE, MAP_SHARED, file.number, 0)
        guard let memory, memory != MAP_FAILED else { throw SystemError(errno, "map the flight record") }
        self.slot = memory.bindMemory(to: Int64.self, capacity: Self.length / 8) + slot * 2
    }

    /// Notes what begins.
    package func begin(_ entry: Entry) {
        // The tag last: with it the slot counts.
        celery_store_release(slot + 1, Int64(entry.attempt))
        celery_store_release(slot, entry.tag)
    }

    /// Notes that it has ended.
    package func end() { celery_store_release(slot, -slot.pointee) }

    /// Makes an empty one, readable by its owner only.
    ///
    /// - Throws: `SystemError`. The corresponding C functions are `open` and `posix_fallocate`.
    package static func create(_ path: String) throws(SystemError) {
        let number = try Syscall.check("create flight record") {
            Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        }
        let file = OwnedDescriptor(owning: number)
        // With its blocks: to write into a hole of a full disk is death by SIGBUS.
        let code = posix_fallocate(file.number, 0, off_t(length))
        guard code == 0 else {
            unlink(path)
            throw SystemError(code, "create flight record")
        }
    }

    /// Opens one for children to map.
    package static func open(_ path: String) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try Syscall.check("open flight record") { Glibc.open(path, O_RDWR | O_CLOEXEC) })
    }

    /// What each child began last.
    ///
    /// - Returns: `nil` when there is no record.
    package static func read(_ path: String) -> [Entry]? {
        let number = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = OwnedDescriptor(owning: number)
        guard let bytes = try? file.readToEnd(limit: length), bytes.count == length else { return nil }
        return bytes.withUnsafeBytes { bytes in
            (0..<slotCount).compactMap { slot in
                let tag = bytes.loadUnaligned(fromByteOffset: slot * slotLength, as: Int64.self)
                let attempt = bytes.loadUnaligned(fromByteOffset: slot * slotLength + 8, as: Int64.self)
                guard tag != 0 else { return nil }
                var entry = Entry(tag: abs(tag), attempt: Int(attempt))
                entry.hasEnded = tag < 0
                return entry
            }
        }
    }
}
