import Testing

@testable import CeleryCore

@Suite struct QuantityTextTests {
    @Test(arguments: [
        ("90", 90.0), ("90s", 90), ("10m", 600), ("2h", 7_200), ("1d", 86_400), ("1.5h", 5_400), ("0", 0), ("0.25", 0.25),
    ])
    func `a length of time is seconds, or a number with a unit`(text: String, seconds: Double) {
        #expect(DurationText.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "s", "-5", "+5", "5w", "5 m", "1e3", "inf", "nan", "0x10", "1.2.3", ".", ".5", "ten", "5mm", "99999999d",
        "999999999999999999999999999999", "５",
    ])
    func `anything else is no length of time`(text: String) {
        #expect(DurationText.seconds(text) == nil)
    }

    @Test(arguments: [("0", 0), ("65536", 65_536), ("64k", 65_536), ("64K", 65_536), ("16m", 16 << 20), ("2g", 2 << 30)])
    func `an amount of memory is bytes, or a number with a unit`(text: String, bytes: Int) {
        #expect(ByteCountText.bytes(text) == bytes)
    }

    @Test(arguments: ["", "k", "-1", "1.5m", "1t", "16 m", "9223372036854775807k", "99999999999999999999"])
    func `anything else is no amount of memory`(text: String) {
        #expect(ByteCountText.bytes(text) == nil)
    }
}
