import Glibc

/// The `char **` argument of `execve`: pointers and bytes in one allocation, freed at the end of the scope.
struct CStringBlock: ~Copyable {
    /// Ends with a null pointer.
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    /// - Throws: EINVAL naming the string that contains a NUL byte, where C would silently truncate it.
    init<Strings: Collection>(
        _ strings: Strings, of operation: String, path: String, naming name: (Int) -> String
    ) throws(SystemError) where Strings.Element: Collection<UInt8> {
        let count = strings.count
        let pointerBytes = (count + 1) * MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
        let size = strings.reduce(pointerBytes) { $0 + $1.count + 1 }
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        let pointers = block.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: count + 1)
        var end = block + pointerBytes
        for (index, string) in strings.enumerated() {
            let bytes = UnsafeMutableRawBufferPointer(start: end, count: string.count)
            bytes.copyBytes(from: string)
            if !bytes.isEmpty, memchr(end, 0, bytes.count) != nil {
                block.deallocate()
                throw SystemError(EINVAL, operation, path: path, reason: "\(name(index)) contains a NUL byte")
            }
            (end + bytes.count).storeBytes(of: 0, as: UInt8.self)
            pointers[index] = end.assumingMemoryBound(to: CChar.self)
            end += bytes.count + 1
        }
        pointers[count] = nil
        // Assign last: a throw after this would free the block in `deinit`, which the path above has done already.
        self.pointers = pointers
    }

    deinit { UnsafeMutableRawPointer(pointers).deallocate() }
}
