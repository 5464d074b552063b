/**
 * Pairs of the replay feeds, read by a person, by document id: the data itself is not in this repository. Drawn in two
 * halves from what an earlier version of the code joined though the words differed, and from what it kept apart though a
 * third or more of the shingles were shared; so both halves are hard cases, and shares on them say nothing of a whole feed.
 */
export const FEED_PAIRS: readonly { readonly feed: string; readonly copies: readonly string[]; readonly strangers: readonly string[] }[] = [
  {
    feed: 'headlines_2018_2020',
    copies: [
      'reuters-21bd1e4718 reuters-f1ff1dd709', 'guardian-10d8fddf63 guardian-67fb062570', 'reuters-469b8108ee reuters-f6181bfc23',
      'reuters-5366eca758 reuters-f2449aa071', 'reuters-2b03eaf4ec reuters-39397cabd6', 'reuters-6c36d1ec13 reuters-df6b227b99',
      'reuters-08bf966391 reuters-db606e5b32', 'reuters-3c9862489b guardian-c84f125995', 'reuters-07626ac3cf reuters-1395503781',
    ],
    strangers: [
      'guardian-d7b8db6dba guardian-480651d2ec', 'reuters-7158a4d31c reuters-e17da3e8ef', 'reuters-4a7a28f500 reuters-7d9b30ba80',
      'reuters-0f19187b88 reuters-bdfad74753', 'reuters-57c4daebae reuters-f0b52c72ea', 'reuters-b0f9ac3475 reuters-ef3d812891',
      'guardian-32d9269a60 reuters-a001921511',
    ],
  },
  {
    feed: 'stocknet_2014_2016',
    copies: [
      'tw-475256636592771072 tw-475658799047393280', 'tw-497496409277726720 tw-497498577720311809', 'tw-444349208892436480 tw-444364371280404481',
      'tw-476199998476939266 tw-476562709303934977', 'tw-525696845754814464 tw-525699752399093760', 'tw-527189808259801089 tw-527285413250334720',
      'tw-472621334414258176 tw-472910087095595008', 'tw-429026724311863296 tw-429274641228505090', 'tw-489223270466457600 tw-489493308151189504',
    ],
    strangers: [
      'tw-475714096763920384 tw-478457704252702720', 'tw-536997433189076992 tw-537680257487470592', 'tw-478331065602699264 tw-478333427000025088',
      'tw-464655461912825856 tw-464778074027200512', 'tw-476191148487094272 tw-476244533596798976', 'tw-453177488978354176 tw-453511426879913985',
      'tw-517932031444283392 tw-517958048707780608', 'tw-502500213919985664 tw-502797732679938049', 'tw-423398173852176384 tw-423594475676782592',
    ],
  },
  {
    feed: 'xueqiu_titles_zh_2016_2019',
    copies: ['xueqiu_titles-3968a3c33e1d xueqiu_titles-633844f93950'],
    strangers: [
      'xueqiu_titles-9bdd3b3231e8 xueqiu_titles-7a5e45900ab4', 'xueqiu_titles-ef3c86e869d6 xueqiu_titles-66ea43a20e77',
      'xueqiu_titles-71df7d78b80e xueqiu_titles-3608532a86ce', 'xueqiu_titles-68b29533be3a xueqiu_titles-aa1a96e68d95',
      'xueqiu_titles-eac5e5576afe xueqiu_titles-6aacd5c3d35e', 'xueqiu_titles-f9397b98b231 xueqiu_titles-e6c0312217f6',
      'xueqiu_titles-81209ae1d7be xueqiu_titles-96c8cee3fe0a', 'xueqiu_titles-a030dac2e7c4 xueqiu_titles-a1ac76528579',
      'xueqiu_titles-2fc5e570fb6d xueqiu_titles-d6c30b60c176', 'xueqiu_titles-123dbad2daa9 xueqiu_titles-062c5cd6555a',
      'xueqiu_titles-e37d808900a0 xueqiu_titles-094cddd706ec',
    ],
  },
  {
    feed: 'crypto',
    copies: ['cn-61dabf2774 cn-ea01801d4d', 'cn-fcf4f17fb0 cn-61fffef49c'],
    strangers: [
      'cn-de8efb5a1f cn-f8dd03904f', 'cn-3b910cb3d6 cn-437c2f0cbd', 'cn-cc9aa5f1c4 cn-e076a503ee', 'cn-8085ae84be cn-35d7ba0d70',
      'cn-f8d0885e89 cn-683acef808', 'cn-e8f6217a4d cn-9488c67650', 'cn-ffd64d5253 cn-5efa64e704',
    ],
  },
]; // prettier-ignore
