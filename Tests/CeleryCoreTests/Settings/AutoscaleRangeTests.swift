import CeleryCore
import Testing

@Suite struct AutoscaleRangeTests {
    @Test func `reads what can be, and nothing else`() {
        #expect(AutoscaleRange("10,2") == AutoscaleRange(most: 10, least: 2))
        #expect(AutoscaleRange("7") == AutoscaleRange(most: 7, least: 1))
        #expect(AutoscaleRange("1000,1000")?.text == "1000,1000")
        for text in ["", ",", "2,10", "0,0", "3,0", "-1", "3,", ",3", "3,2,1", "a,b", "1001,1", "3, 2", "3.5"] {
            #expect(AutoscaleRange(text) == nil, "\(text)")
        }
    }
}
