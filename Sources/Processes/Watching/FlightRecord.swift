import CLinux
import Glibc

/// A shared file that records the current delivery of each child of a worker. It survives the children.
///
/// Each child has a record of two numbers, the tag and the attempt of its delivery. The tag is negative once the
/// delivery has ended, and 0 before the first.
/// Records are written through a shared mapping, without system calls; only a crash of the machine loses them.
package final class FlightRecord: Sendable {
    /// The number of records. Further children are not recorded.
    package static let slotCount = 4_096
    private static let slotLength = 2 * MemoryLayout<Int64>.size
    private static let length = slotCount * slotLength

    /// The delivery that a child began last.
    package struct Entry: Sendable, Hashable {
        package var tag: Int64
        package var attempt: Int
        /// Whether the delivery had ended; the worker may not have learned of the end.
        package var hasEnded = false

        package init(tag: Int64, attempt: Int) {
            self.tag = tag
            self.attempt = attempt
        }
    }

    // Only one child writes a record, by single stores, and readers read it after the child's death.
    private nonisolated(unsafe) let slot: UnsafeMutablePointer<Int64>

    /// Maps the record of a child.
    ///
    /// - Throws: `SystemError`. The corresponding C function is `mmap`.
    package init(_ file: OwnedDescriptor, slot: Int) throws(SystemError) {
        let memory = mmap(nil, Self.length, PROT_READ | PROT_WRITE, MAP_SHARED, file.number, 0)
        guard let memory, memory != MAP_FAILED else { throw SystemError(errno, "map the flight record") }
        self.slot = memory.bindMemory(to: Int64.self, capacity: Self.length / 8) + slot * 2
    }

    /// Records the beginning of a delivery.
    package func begin(_ entry: Entry) {
        // Store the tag last: it makes the record valid.
        celery_store_release(slot + 1, Int64(entry.attempt))
        celery_store_release(slot, entry.tag)
    }

    /// Records the end of the delivery.
    package func end() { celery_store_release(slot, -slot.pointee) }

    /// Creates an empty file, accessible only to its owner.
    ///
    /// - Throws: `SystemError`. The corresponding C functions are `open` and `posix_fallocate`.
    package static func create(_ path: String) throws(SystemError) {
        let number = try Syscall.check("create flight record") {
            Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        }
        let file = OwnedDescriptor(owning: number)
        // Allocate all blocks: writing to a hole on a full disk raises SIGBUS.
        let code = posix_fallocate(file.number, 0, off_t(length))
        guard code == 0 else {
            unlink(path)
            throw SystemError(code, "create flight record")
        }
    }

    /// Opens the file for children to map.
    package static func open(_ path: String) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try Syscall.check("open flight record") { Glibc.open(path, O_RDWR | O_CLOEXEC) })
    }

    /// The last delivery of each child.
    ///
    /// - Returns: `nil` if there is no file.
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
