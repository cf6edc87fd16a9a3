/// The instructions of pickles, protocols 0 to 5 (`pickletools` of Python describes each).
///
/// A pickle is a program for a machine with a stack and a numbered memory.
enum PickleCode {
    // Stack
    static let mark = UInt8(ascii: "(")
    static let stop = UInt8(ascii: ".")
    static let pop = UInt8(ascii: "0")
    static let popMark = UInt8(ascii: "1")
    static let dup = UInt8(ascii: "2")

    // Memory
    static let put = UInt8(ascii: "p")
    static let binPut = UInt8(ascii: "q")
    static let longBinPut = UInt8(ascii: "r")
    static let get = UInt8(ascii: "g")
    static let binGet = UInt8(ascii: "h")
    static let longBinGet = UInt8(ascii: "j")
    static let memoize: UInt8 = 0x94

    // Scalars
    static let none = UInt8(ascii: "N")
    static let newTrue: UInt8 = 0x88
    static let newFalse: UInt8 = 0x89
    static let int = UInt8(ascii: "I")
    static let long = UInt8(ascii: "L")
    static let binInt = UInt8(ascii: "J")
    static let binInt1 = UInt8(ascii: "K")
    static let binInt2 = UInt8(ascii: "M")
    static let long1: UInt8 = 0x8A
    static let long4: UInt8 = 0x8B
    static let float = UInt8(ascii: "F")
    static let binFloat = UInt8(ascii: "G")

    // Texts and bytes
    static let string = UInt8(ascii: "S")
    static let binString = UInt8(ascii: "T")
    static let shortBinString = UInt8(ascii: "U")
    static let unicode = UInt8(ascii: "V")
    static let binUnicode = UInt8(ascii: "X")
    static let shortBinUnicode: UInt8 = 0x8C
    static let binUnicode8: UInt8 = 0x8D
    static let binBytes = UInt8(ascii: "B")
    static let shortBinBytes = UInt8(ascii: "C")
    static let binBytes8: UInt8 = 0x8E
    static let byteArray8: UInt8 = 0x96

    // Containers
    static let emptyList = UInt8(ascii: "]")
    static let list = UInt8(ascii: "l")
    static let append = UInt8(ascii: "a")
    static let appends = UInt8(ascii: "e")
    static let emptyTuple = UInt8(ascii: ")")
    static let tuple = UInt8(ascii: "t")
    static let tuple1: UInt8 = 0x85
    static let tuple2: UInt8 = 0x86
    static let tuple3: UInt8 = 0x87
    static let emptyDict = UInt8(ascii: "}")
    static let dict = UInt8(ascii: "d")
    static let setItem = UInt8(ascii: "s")
    static let setItems = UInt8(ascii: "u")
    static let emptySet: UInt8 = 0x8F
    static let addItems: UInt8 = 0x90
    static let frozenSet: UInt8 = 0x91

    // Objects of classes
    static let global = UInt8(ascii: "c")
    static let stackGlobal: UInt8 = 0x93
    static let reduce = UInt8(ascii: "R")
    static let build = UInt8(ascii: "b")
    static let inst = UInt8(ascii: "i")
    static let obj = UInt8(ascii: "o")
    static let newObj: UInt8 = 0x81
    static let newObjEx: UInt8 = 0x92

    // References to what is kept outside of the pickle
    static let persID = UInt8(ascii: "P")
    static let binPersID = UInt8(ascii: "Q")
    static let ext1: UInt8 = 0x82
    static let ext2: UInt8 = 0x83
    static let ext4: UInt8 = 0x84
    static let nextBuffer: UInt8 = 0x97
    static let readOnlyBuffer: UInt8 = 0x98

    // About the pickle itself
    static let proto: UInt8 = 0x80
    static let frame: UInt8 = 0x95
}
