import CSQLite

/// What a connection may do with its file.
package enum OpenMode: Sendable {
    /// Read and write, and create an empty file where there is none.
    case writing
    /// Read an existing file.
    case reading
    /// Read an existing file that nobody changes meanwhile, without its -wal and -shm file and without locks. What a change of the
    /// file would make of the results is undefined: the caller checks afterwards that there was none.
    case still

    var flags: Int32 {
        switch self {
        case .writing: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        case .reading: SQLITE_OPEN_READONLY
        case .still: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
        }
    }

    /// The name to open a file by: its path, or for `still` a URI; see sqlite.org/uri.html#uriimmutable.
    func name(of path: String) -> String {
        guard case .still = self else { return path }
        let digits = Array("0123456789ABCDEF".utf8)
        var name = Array("file:".utf8)
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                name.append(byte)
            default: name += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: name, as: UTF8.self) + "?immutable=1"
    }
}
