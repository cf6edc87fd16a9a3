import CeleryCore
import Fixtures

/// Makes JSON values of every kind, the odd ones included.
struct RandomJSON {
    var random: SeededGenerator
    /// Whether NaN and the infinities may come up.
    var includesNonFinite = true

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func value(depth: Int = 0) -> JSON {
        switch Int.random(in: 0..<(depth < 4 ? 12 : 8), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .int(Int64.random(in: -1000...1000, using: &random))
        case 3: return .int(Int64(bitPattern: random.next()))
        case 4: return bigInteger()
        case 5: return .double(double())
        case 6, 7: return .string(string())
        case 8, 9:
            return .array((0..<Int.random(in: 0...5, using: &random)).map { _ in value(depth: depth + 1) })
        default:
            return .object(
                JSONObject((0..<Int.random(in: 0...6, using: &random)).map { _ in (string(), value(depth: depth + 1)) }))
        }
    }

    private mutating func bigInteger() -> JSON {
        let digits = (0..<Int.random(in: 20...40, using: &random)).map { _ in "0123456789".randomElement(using: &random)! }
        return .bigInteger((Bool.random(using: &random) ? "-9" : "9") + String(digits))
    }

    mutating func double() -> Double {
        switch Int.random(in: 0...5, using: &random) {
        case 0: return Double(Int64.random(in: -1_000_000...1_000_000, using: &random)) / 1_000
        case 1: return Double(Int.random(in: -20...20, using: &random))
        case 2:
            let power = Int.random(in: -320...304, using: &random)
            return Double("\(Int.random(in: 1...9999, using: &random))e\(power)")!
        case 3 where includesNonFinite: return [.nan, .infinity, -.infinity].randomElement(using: &random)!
        case 4: return [0.0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e15, 1e16, 1e17, 1e-4, 1e-5].randomElement(using: &random)!
        default:
            let value = Double(bitPattern: random.next())
            return value.isFinite ? value : 0.1
        }
    }

    mutating func string() -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...20, using: &random) { scalars.append(scalar()) }
        return String(scalars)
    }

    private mutating func scalar() -> Unicode.Scalar {
        switch Int.random(in: 0...7, using: &random) {
        case 0: return Unicode.Scalar(UInt8.random(in: 0..<0x20, using: &random))
        case 1: return ["\"", "\\", "/", "\u{7F}", "\u{80}", "\u{2028}", "\u{FFFF}"].randomElement(using: &random)!
        case 2: return Unicode.Scalar(UInt32.random(in: 0x80..<0x300, using: &random))!
        case 3: return Unicode.Scalar(UInt32.random(in: 0x1F300..<0x1F700, using: &random))!
        case 4: return Unicode.Scalar(UInt32.random(in: 0x4E00..<0x9FFF, using: &random))!
        default: return Unicode.Scalar(UInt8.random(in: 0x20..<0x7F, using: &random))
        }
    }
}
