// The customer's page, copied by hand so that a fault in the product's own tables shows.

/** Rows of the response table: field, type, and the example where the page has one. */
export const RESPONSE_ROWS = [
  ["code", "integer", "200"],
  ["data", "popularTrend.HashtagTrendResp"],
  ["data.code", "integer"],
  ["data.data", "object"],
  ["data.data.list", "array"],
  ["data.data.list[].country_info", "object"],
  ["data.data.list[].country_info.id", "string"],
  ["data.data.list[].country_info.label", "string"],
  ["data.data.list[].country_info.value", "string"],
  ["data.data.list[].creators", "array"],
  ["data.data.list[].creators[].avatar_url", "string"],
  ["data.data.list[].creators[].nick_name", "string"],
  ["data.data.list[].hashtag_id", "string"],
  ["data.data.list[].hashtag_name", "string"],
  ["data.data.list[].industry_info", "object"],
  ["data.data.list[].industry_info.id", "integer"],
  ["data.data.list[].industry_info.label", "string"],
  ["data.data.list[].industry_info.value", "string"],
  ["data.data.list[].is_promoted", "boolean"],
  ["data.data.list[].publish_cnt", "integer"],
  ["data.data.list[].rank", "integer"],
  ["data.data.list[].rank_diff", "integer"],
  ["data.data.list[].rank_diff_type", "integer"],
  ["data.data.list[].trend", "array"],
  ["data.data.list[].trend[].time", "integer"],
  ["data.data.list[].trend[].value", "number"],
  ["data.data.list[].video_views", "integer"],
  ["data.data.pagination", "object"],
  ["data.data.pagination.has_more", "boolean"],
  ["data.data.pagination.page", "integer"],
  ["data.data.pagination.size", "integer"],
  ["data.data.pagination.total", "integer"],
  ["data.msg", "string"],
  ["data.request_id", "string"],
  ["msg", "string", "OK"],
];

/** Query parameters: name, type, and example or enum where the page has one. */
export const PARAMETERS = [
  { name: "page", type: "integer", description: "Page number" },
  { name: "limit", type: "integer", example: 50, description: "Number of results per page" },
  { name: "period", type: "integer", enum: [7, 30, 120], description: "Trend window in days" },
  { name: "industry_id", type: "integer", description: "Industry ID to filter trends" },
  { name: "country_code", type: "string", example: "US", description: "Country code filter" },
  { name: "filter_by", type: "string", description: "Filter criteria, only 'new_on_board' is allowed" },
];

/** Plan, price, included credits, daily cap, rate limit, overage. */
export const PLAN_ROWS = [
  ["Free", "$0/mo", "2,000", "500 daily credits", "5/min", "No overage"],
  ["Starter", "$9/mo", "20,000", "5,000 daily credits", "15/min", "$0.75/1,000 overage credits when enabled"],
  ["Growth", "$29/mo", "100,000", "25,000 daily credits", "45/min", "$0.45/1,000 overage credits when enabled"],
  ["Pro", "$79/mo", "400,000", "No daily cap", "120/min", "$0.30/1,000 overage credits"],
  ["Business", "$199/mo", "1,200,000", "No daily cap", "300/min", "$0.20/1,000 overage credits"],
  ["Enterprise", "$499/mo", "5,000,000", "No daily cap", "1,000/min", "$0.12/1,000 overage credits"],
];

/** Failure responses: status and description. */
export const FAILURES = [[400, "Invalid input"], [429, "Rate limit exceeded"], [500, "Internal server error"]];

export const SUMMARY = "Retrieve TikTok popular-trend hashtags";
export const SENTENCE = "Returns trending hashtags from TikTok Creative Center. The service clamps `page` to 1-10, " +
  "`limit` to at most 100, and defaults `period` to 7.";

export const EXAMPLE = {
  "code": 200,
  "msg": "OK",
  "data": {
    "code": 0,
    "msg": "OK",
    "data": {
      "list": [
        {
          "hashtag_id": "4777",
          "hashtag_name": "prom",
          "country_info": {
            "id": "US",
            "value": "United States",
            "label": "US"
          },
          "industry_info": {
            "id": 22000000000,
            "value": "Apparel & Accessories",
            "label": "label_22000000000"
          },
          "is_promoted": false,
          "trend": [
            {
              "time": 1776729600,
              "value": 1
            }
          ],
          "publish_cnt": 179872,
          "video_views": 766182036,
          "rank": 1,
          "rank_diff": 0,
          "rank_diff_type": 4
        }
      ],
      "pagination": {
        "page": 1,
        "size": 1,
        "total": 100,
        "has_more": true
      }
    }
  }
};
